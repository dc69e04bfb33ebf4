#include "bulk_stream.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace wangge::lookup {

namespace {

/// Blocks are read one after another, answered side by side and written in the order of reading: who has read a block
/// waits for its turn before the first piece of its answer and keeps the turn until the last. The one whose turn it is
/// never waits for another, so that all end.
class Assembly {
public:
    Assembly(BlockReader& in, BulkOutput& out, std::uint64_t records, Progress& progress)
        : m_in(in), m_out(out), m_progress(progress), m_records(records) {}

    /// Until the input ends or somebody fails.
    void work(BlockAnswerer& answerer) noexcept {
        Block block;
        for (;;) {
            std::uint64_t turn = 0;
            try {
                {
                    std::scoped_lock const lock{m_reading};
                    if (m_no_more) {
                        return;
                    }
                    turn = m_read++;
                    m_no_more = true; // also when reading throws
                    m_no_more = !m_in.next(block);
                    if (m_no_more) {
                        return;
                    }
                }
                auto const tally = answerer.answer(block, [&](std::string_view piece) {
                    wait_for(turn);
                    m_out.write(piece);
                });
                wait_for(turn);
                if (tally.stopped) {
                    answerer.refuse(m_records + tally.records + 1);
                }
                add(tally);
                pass_on();
            } catch (Failed const&) {
                return;
            } catch (...) {
                fail(turn, std::current_exception());
                return;
            }
        }
    }

    [[nodiscard]] BulkResult result() const {
        if (m_failure) {
            std::rethrow_exception(m_failure);
        }
        return m_result;
    }

private:
    struct Failed {};

    /// Throws Failed when an earlier block has failed.
    void wait_for(std::uint64_t turn) {
        std::unique_lock lock{m_writing};
        m_turn_came.wait(lock, [&] { return m_turn == turn || m_failure != nullptr; });
        if (m_failure) {
            throw Failed{};
        }
    }

    void add(Tally const& tally) { // by the one whose turn it is
        m_records += tally.records;
        m_result.rows += tally.result.rows;
        m_result.inside += tally.result.inside;
        m_result.outside += tally.result.outside;
        m_result.faults += tally.result.faults;
        m_progress.advance(tally.result.rows);
    }

    void pass_on() {
        std::scoped_lock const lock{m_writing};
        ++m_turn;
        m_turn_came.notify_all();
    }

    /// The failure of the earliest block is the one that is told, as if there were one thread.
    void fail(std::uint64_t turn, std::exception_ptr failure) noexcept {
        std::unique_lock lock{m_writing};
        m_turn_came.wait(lock, [&] { return m_turn == turn || m_failure != nullptr; });
        if (!m_failure) {
            m_failure = std::move(failure);
        }
        m_turn_came.notify_all();
        lock.unlock();
        std::scoped_lock const reading{m_reading};
        m_no_more = true;
    }

    BlockReader& m_in;
    BulkOutput& m_out;
    Progress& m_progress;

    std::mutex m_reading;
    std::uint64_t m_read = 0; ///< blocks
    bool m_no_more = false;

    std::mutex m_writing;
    std::condition_variable m_turn_came;
    std::uint64_t m_turn = 0;
    std::exception_ptr m_failure;
    std::uint64_t m_records;
    BulkResult m_result;
};

} // namespace

BulkResult answer_blocks(BlockReader& in, BulkOutput& out, std::span<std::unique_ptr<BlockAnswerer> const> answerers,
                         std::uint64_t records, Task task, Progress& progress) {
    progress.begin(task.name, 0, task.unit);
    Assembly assembly{in, out, records, progress};
    {
        std::vector<std::jthread> others;
        for (auto const& answerer : answerers.subspan(1)) {
            others.emplace_back([&assembly, &answerer] { assembly.work(*answerer); });
        }
        assembly.work(*answerers.front());
    }
    auto const result = assembly.result();
    out.finish();
    progress.end();
    return result;
}

} // namespace wangge::lookup
