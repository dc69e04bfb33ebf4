#pragma once

#include <wangge/base/files.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/lookup/bulk.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::lookup {

/// Whole records of the input. Bytes kReadableAround before and behind bytes() may be read, whatever they hold.
class Block {
public:
    [[nodiscard]] std::string_view bytes() const noexcept { return {data(), m_size}; }

private:
    friend class BlockReader;
    [[nodiscard]] char const* data() const noexcept;
    [[nodiscard]] char* data() noexcept;
    void reserve(std::size_t size);
    std::vector<char> m_storage;
    std::size_t m_size = 0;
};

/// Cuts a file or standard input into blocks of whole records. One thread at a time.
class BlockReader {
public:
    /// How many bytes from the beginning are whole records; 0 when the first is not whole.
    using Cut = std::function<std::size_t(std::string_view)>;

    /// `name` "-" is standard input. Throws Error{environment} when the file cannot be opened. A record of more than
    /// `longest_record` bytes is handed out in pieces that are not whole.
    BlockReader(std::string name, std::size_t block_bytes, std::size_t longest_record, Cut cut);
    ~BlockReader();
    BlockReader(BlockReader const&) = delete;
    BlockReader& operator=(BlockReader const&) = delete;

    /// For messages.
    [[nodiscard]] std::string const& name() const noexcept { return m_name; }

    /// Takes the first record off, with its line end when it has one; `length` finds its length in what has been read,
    /// 0 when it is not whole. Empty at the end of the input.
    [[nodiscard]] std::string take_first(std::size_t (*length)(std::string_view));

    /// What has been read behind the first record: about a block, less only at the end of the input.
    [[nodiscard]] std::string_view read_ahead() const noexcept { return m_rest; }

    /// False at the end of the input. The last block may end in a record that is not whole.
    bool next(Block& block);

private:
    /// Reads until `block` holds `size` bytes or the input ends.
    void fill(Block& block, std::size_t size);

    std::string m_name;
    std::size_t m_block_bytes, m_longest_record;
    Cut m_cut;
    int m_fd = -1;
    bool m_owned = false, m_ended = false;
    std::string m_rest; ///< read, but not handed out
};

/// A file written aside and renamed when whole; written straight away when it is a device or a pipe, or "-" for
/// standard output. Throws Error{environment}.
class BulkOutput {
public:
    explicit BulkOutput(std::string const& name);
    ~BulkOutput();
    BulkOutput(BulkOutput const&) = delete;
    BulkOutput& operator=(BulkOutput const&) = delete;
    void write(std::string_view bytes);
    /// Without it nothing is left of a file.
    void finish();

private:
    std::string m_name;
    std::filesystem::path m_path, m_aside;
    std::unique_ptr<FileWriter> m_file;
    int m_fd = -1;
    bool m_owned = false;
};

/// What was found in a block.
struct Tally {
    BulkResult result;
    std::uint64_t records = 0; ///< all that were read, empty ones among them
    bool stopped = false;      ///< the next record cannot be read and nothing behind it
};

/// Answers blocks, one thread at a time.
class BlockAnswerer {
public:
    /// Takes the next piece of the answer.
    using Deliver = std::function<void(std::string_view)>;

    virtual ~BlockAnswerer() = default;
    [[nodiscard]] virtual Tally answer(Block const& block, Deliver const& deliver) = 0;
    /// Throws the Error for the record at which answer() stopped; records count from 1 over the whole input.
    [[noreturn]] virtual void refuse(std::uint64_t record) const = 0;
};

/// What progress says is done, and of what it counts.
struct Task {
    std::string_view name, unit;
};

/**
 * Reads, answers and writes with one thread for each answerer; the bytes written do not depend on how many there are.
 * `records` were read before. Memory: for each answerer one block and its answer.
 */
[[nodiscard]] BulkResult answer_blocks(BlockReader& in, BulkOutput& out,
                                       std::span<std::unique_ptr<BlockAnswerer> const> answerers, std::uint64_t records,
                                       Task task, Progress& progress);

} // namespace wangge::lookup
