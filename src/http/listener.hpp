#pragma once

#include "router.hpp"

#include <wangge/http/server.hpp>

#include <cstdint>
#include <memory>

namespace wangge::http {

/**
 * Sockets: accepts, reads, writes, times out and stops. Requests that have to wait for a state are answered on a thread
 * of their own, one at a time, so that the others go on.
 */
class Listener {
public:
    /// Binds. Throws Error{usage} for a malformed address, Error{environment} when the port cannot be had.
    Listener(ServerOptions const& options, States& states);
    ~Listener();
    Listener(Listener const&) = delete;
    Listener& operator=(Listener const&) = delete;

    void run(bool until_signal);
    void stop();
    [[nodiscard]] std::uint16_t port() const;
    /// "127.0.0.1:8080"
    [[nodiscard]] std::string address() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::http
