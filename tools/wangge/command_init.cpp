#include "arguments.hpp"
#include "commands.hpp"

#include <fmt/format.h>

namespace wangge::command {

int init(InitOptions const& options) {
    auto const folder = data_folder(options.data);
    registry::Registry::init(folder);
    say("Made an empty registry in {}.\nNext: wangge import divisions FILE --data {}\n", options.data.string(),
        options.data.string());
    return 0;
}

} // namespace wangge::command
