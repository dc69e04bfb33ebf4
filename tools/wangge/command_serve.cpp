#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/http/server.hpp>

namespace wangge::command {

int serve(ServeOptions const& options) {
    http::ServerOptions server;
    server.folder = data_folder(options.data);
    server.listen = options.listen;
    server.threads = options.threads;
    http::Server{server}.run();
    return 0;
}

} // namespace wangge::command
