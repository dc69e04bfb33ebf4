#pragma once

#include <wangge/registry/registry.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace wangge::http {

struct ServerOptions {
    std::string listen = "127.0.0.1:8080"; ///< address:port, "[::1]:8080" for IPv6; port 0 takes a free one
    unsigned threads = 2;                  ///< that read and answer; reloading and building have their own
    registry::DataFolder folder;
    std::size_t max_connections = 1024;             ///< further ones are told 503
    std::chrono::milliseconds idle_timeout{30'000}; ///< between requests, and for one request to arrive whole
    std::chrono::milliseconds reload_every{300};    ///< how often the data folder is looked at for changes
    std::chrono::milliseconds stop_grace{5'000};    ///< how long requests under way may take after stop()
};

/**
 * The HTTP service of docs/http-api.md over a data folder. A new publish is taken over without a pause, officer changes
 * within a second; when something new cannot be read the old stays served and the log says so once. No request ends the
 * process.
 */
class Server {
public:
    /// Binds the port and loads what is published; with nothing published it starts and /readyz says so.
    /// Throws Error{usage} for a malformed address, Error{environment} when the port is taken, Error{not_found} without
    /// a registry.
    explicit Server(ServerOptions options);
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    /// Answers until stop(), SIGTERM or SIGINT; then ends the requests under way and returns. Call once.
    void run();
    /// From any thread, also before run().
    void stop();
    /// The port listened on, the chosen one when 0 was asked for.
    [[nodiscard]] std::uint16_t port() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::http
