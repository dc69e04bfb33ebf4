#include "listener.hpp"

#include "conversation.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/log.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace wangge::http {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using ErrorValue = boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 8 * 1024;
/// Requests that may wait for a state at a time; further ones are told to come again.
constexpr std::size_t kMostWaiting = 64;
/// After a last answer the peer may still be sending; closing at once would destroy the answer on its way (RFC 9112
/// section 9.6).
constexpr std::size_t kDrainBytes = std::size_t{1} << 20U;
constexpr std::chrono::seconds kDrainTime{2};
constexpr std::chrono::milliseconds kPauseAfterFailedAccept{100};

Tcp::endpoint parse_endpoint(std::string const& listen) {
    auto const colon = listen.rfind(':');
    auto host = listen.substr(0, colon == std::string::npos ? 0 : colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host == "localhost") {
        host = "127.0.0.1";
    }
    std::uint16_t port = 0;
    auto const* const last = listen.data() + listen.size();
    auto const* const first = colon == std::string::npos ? last : listen.data() + colon + 1;
    auto const [end, error] = std::from_chars(first, last, port);
    ErrorValue bad_address;
    auto const address = asio::ip::make_address(host, bad_address);
    if (first == last || error != std::errc{} || end != last || bad_address) {
        throw Error{ErrorCode::usage,
                    fmt::format("--listen '{}': write address:port, as 127.0.0.1:8080 or [::1]:8080", listen)};
    }
    return {address, port};
}

} // namespace

struct Listener::Impl {
    class Session;

    Impl(ServerOptions const& given, States& states)
        : options(given)
        , router(states)
        , io(static_cast<int>(given.threads))
        , acceptor(asio::make_strand(io))
        , signals(io)
        , sweep(asio::make_strand(io)) {}

    void accept();
    void sweep_later();
    void stop();
    void run_thread();
    void forget(Session const* session) {
        std::scoped_lock const lock{mutex};
        sessions.erase(session);
    }
    [[nodiscard]] std::vector<std::shared_ptr<Session>> live_sessions() {
        std::vector<std::shared_ptr<Session>> live;
        std::scoped_lock const lock{mutex};
        for (auto const& [key, session] : sessions) {
            if (auto held = session.lock()) {
                live.push_back(std::move(held));
            }
        }
        return live;
    }

    ServerOptions options;
    Router router;
    // Before `io`: handlers that never ran still hold sessions when it goes, and a session signs off here.
    std::mutex mutex; ///< of sessions
    std::unordered_map<Session const*, std::weak_ptr<Session>> sessions;
    asio::io_context io;
    asio::thread_pool waiting_room{1};
    std::atomic<std::size_t> waiting{0};
    Tcp::acceptor acceptor;
    asio::signal_set signals;
    Tcp::endpoint endpoint;
    asio::steady_timer sweep;
    std::atomic<bool> stopping{false};
    std::atomic<Clock::time_point> stop_at{Clock::time_point::max()};
    bool accept_failure_logged = false;
};

/// One connection; everything but the deadline happens on its strand.
class Listener::Impl::Session : public std::enable_shared_from_this<Session> {
public:
    Session(Impl& server, Tcp::socket socket)
        : m_server(server), m_socket(std::move(socket)), m_conversation(server.router) {}
    ~Session() { m_server.forget(this); }
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    void start() {
        asio::dispatch(m_socket.get_executor(), [self = shared_from_this()] {
            ErrorValue ignored;
            self->m_socket.set_option(Tcp::no_delay{true}, ignored);
            self->expect_within(self->m_server.options.idle_timeout);
            self->read();
        });
    }

    /// For a connection too many.
    void turn_away() {
        asio::dispatch(m_socket.get_executor(), [self = shared_from_this()] {
            auto reply = problem(503, "too-many-connections", "The server has too many connections", "ask again");
            reply.retry_after_s = 1;
            self->m_conversation.finish();
            self->write(self->m_conversation.answer(reply, self->m_out));
        });
    }

    void look_at_clock(Clock::time_point now) {
        if (now >= m_deadline.load(std::memory_order_relaxed)) {
            asio::post(m_socket.get_executor(), [self = shared_from_this()] { self->expire(); });
        }
    }

    /// Ends after the request under way; at once when there is none.
    void finish() {
        asio::post(m_socket.get_executor(), [self = shared_from_this()] {
            self->m_conversation.finish();
            if (self->m_doing == Doing::reading && !self->m_conversation.mid_request()) {
                self->close();
            }
        });
    }

private:
    enum class Doing { reading, waiting, writing, draining };

    void expect_within(std::chrono::milliseconds time) {
        m_deadline.store(Clock::now() + time, std::memory_order_relaxed);
    }

    void expire() {
        if (Clock::now() < m_deadline.load(std::memory_order_relaxed)) {
            return; // it went on meanwhile
        }
        m_deadline.store(Clock::time_point::max(), std::memory_order_relaxed);
        if (m_doing == Doing::reading && m_conversation.mid_request()) {
            m_too_slow = true;
            ErrorValue ignored;
            m_socket.cancel(ignored);
        } else {
            close();
        }
    }

    void read() {
        m_doing = Doing::reading;
        m_socket.async_read_some(asio::buffer(m_chunk), [self = shared_from_this()](ErrorValue error, std::size_t n) {
            self->on_read(error, n);
        });
    }

    void on_read(ErrorValue error, std::size_t n) {
        if (m_too_slow) {
            m_conversation.too_slow(m_out);
            write(Conversation::Next::close);
            return;
        }
        if (error) {
            close();
            return;
        }
        bool const begun = m_conversation.mid_request();
        auto const next = m_conversation.received({m_chunk.data(), n}, m_out);
        if (!m_out.empty() || next != Conversation::Next::read) {
            write(next);
            return;
        }
        if (!begun) {
            expect_within(m_server.options.idle_timeout); // for the whole request; more of its bytes do not prolong it
        }
        read();
    }

    void write(Conversation::Next next) {
        if (m_out.empty()) {
            on_written(next);
            return;
        }
        m_doing = Doing::writing;
        expect_within(m_server.options.idle_timeout);
        asio::async_write(m_socket, asio::buffer(m_out),
                          [self = shared_from_this(), next](ErrorValue error, std::size_t) {
                              self->m_out.clear();
                              if (error) {
                                  self->close();
                              } else {
                                  self->on_written(next);
                              }
                          });
    }

    void on_written(Conversation::Next next) {
        switch (next) {
        case Conversation::Next::read:
            if (m_server.stopping && !m_conversation.mid_request()) {
                close();
                return;
            }
            expect_within(m_server.options.idle_timeout);
            read();
            return;
        case Conversation::Next::wait:
            wait();
            return;
        case Conversation::Next::close:
            drain();
            return;
        }
    }

    void wait() {
        m_doing = Doing::waiting;
        m_deadline.store(Clock::time_point::max(), std::memory_order_relaxed);
        if (m_server.waiting.fetch_add(1) >= kMostWaiting) {
            m_server.waiting.fetch_sub(1);
            auto reply = problem(503, "busy", "Too many requests wait for the state of another date", "ask again");
            reply.retry_after_s = 5;
            write(m_conversation.answer(reply, m_out));
            return;
        }
        asio::post(m_server.waiting_room, [self = shared_from_this()] {
            auto reply = self->m_server.router(self->m_conversation.waiting_request(), Waiting::allowed);
            self->m_server.waiting.fetch_sub(1);
            asio::post(self->m_socket.get_executor(), [self, reply = std::move(*reply)] {
                self->write(self->m_conversation.answer(reply, self->m_out));
            });
        });
    }

    void drain() {
        ErrorValue failed;
        m_socket.shutdown(Tcp::socket::shutdown_send, failed);
        if (failed) {
            close();
            return;
        }
        m_doing = Doing::draining;
        expect_within(kDrainTime);
        drain_more();
    }

    void drain_more() {
        m_socket.async_read_some(asio::buffer(m_chunk), [self = shared_from_this()](ErrorValue error, std::size_t n) {
            self->m_drained += n;
            if (error || self->m_drained > kDrainBytes) {
                self->close();
            } else {
                self->drain_more();
            }
        });
    }

    void close() {
        ErrorValue ignored;
        m_socket.close(ignored);
    }

    Impl& m_server;
    Tcp::socket m_socket;
    Conversation m_conversation;
    std::array<char, kReadBytes> m_chunk{};
    std::string m_out;
    std::size_t m_drained = 0;
    Doing m_doing = Doing::reading;
    bool m_too_slow = false;
    std::atomic<Clock::time_point> m_deadline{Clock::time_point::max()};
};

void Listener::Impl::accept() {
    acceptor.async_accept(asio::make_strand(io), [this](ErrorValue error, Tcp::socket socket) {
        if (stopping || error == asio::error::operation_aborted) {
            return;
        }
        if (error) {
            // Out of file descriptors, mostly: the connections there are go on, and closing ones make room.
            if (!accept_failure_logged) {
                log_error(fmt::format("connections cannot be accepted for now: {}", error.message()));
                accept_failure_logged = true;
            }
            auto const pause = std::make_shared<asio::steady_timer>(acceptor.get_executor(), kPauseAfterFailedAccept);
            pause->async_wait([this, pause](ErrorValue) {
                if (!stopping) {
                    accept();
                }
            });
            return;
        }
        accept_failure_logged = false;
        auto const session = std::make_shared<Session>(*this, std::move(socket));
        bool room = false;
        {
            std::scoped_lock const lock{mutex};
            room = sessions.size() < options.max_connections;
            sessions.emplace(session.get(), session);
        }
        if (room) {
            session->start();
        } else {
            session->turn_away();
        }
        accept();
    });
}

void Listener::Impl::sweep_later() {
    auto const interval = std::min<Clock::duration>(std::chrono::seconds{1}, options.idle_timeout / 4);
    sweep.expires_after(stopping ? std::min<Clock::duration>(interval, std::chrono::milliseconds{20}) : interval);
    sweep.async_wait([this](ErrorValue) {
        auto const now = Clock::now();
        auto const live = live_sessions();
        for (auto const& session : live) {
            session->look_at_clock(now);
        }
        if (stopping && (live.empty() || now >= stop_at.load())) {
            io.stop();
            return;
        }
        sweep_later();
    });
}

void Listener::Impl::stop() {
    asio::post(acceptor.get_executor(), [this] {
        if (stopping.exchange(true)) {
            return;
        }
        stop_at = Clock::now() + options.stop_grace;
        ErrorValue ignored;
        acceptor.close(ignored);
        for (auto const& session : live_sessions()) {
            session->finish();
        }
        asio::post(sweep.get_executor(), [this] { sweep.cancel(); });
    });
}

void Listener::Impl::run_thread() {
    for (;;) {
        try {
            io.run();
            return;
        } catch (std::exception const& error) {
            // Out of memory, mostly. The session whose handler it was is closed; the others go on.
            log_error(fmt::format("a connection failed: {}", error.what()));
        }
    }
}

Listener::Listener(ServerOptions const& options, States& states) : m_impl(std::make_unique<Impl>(options, states)) {
    auto const endpoint = parse_endpoint(options.listen);
    auto& acceptor = m_impl->acceptor;
    try {
        acceptor.open(endpoint.protocol());
        acceptor.set_option(Tcp::acceptor::reuse_address{true});
        acceptor.bind(endpoint);
        acceptor.listen();
        m_impl->endpoint = acceptor.local_endpoint();
    } catch (boost::system::system_error const& error) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be listened on: {}; choose another with --listen",
                                                        options.listen, error.code().message())};
    }
}

Listener::~Listener() { m_impl->waiting_room.join(); }

std::uint16_t Listener::port() const { return m_impl->endpoint.port(); }

std::string Listener::address() const {
    auto const address = m_impl->endpoint.address();
    auto const host = address.is_v6() ? fmt::format("[{}]", address.to_string()) : address.to_string();
    return fmt::format("{}:{}", host, m_impl->endpoint.port());
}

void Listener::stop() { m_impl->stop(); }

void Listener::run(bool until_signal) {
    if (until_signal) {
        m_impl->signals.add(SIGINT);
        m_impl->signals.add(SIGTERM);
        m_impl->signals.async_wait([this](ErrorValue error, int) {
            if (!error) {
                log_info("stopping: requests under way are finished first");
                stop();
            }
        });
    }
    m_impl->accept();
    m_impl->sweep_later();
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < m_impl->options.threads; ++i) {
        others.emplace_back([this] { m_impl->run_thread(); });
    }
    m_impl->run_thread();
}

} // namespace wangge::http
