#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/named_file.hpp>

namespace wangge {

std::string read_named_file(std::filesystem::path const& path) {
    std::error_code unknown; // then reading says it
    if (!std::filesystem::exists(path, unknown) && !unknown) {
        throw no_such_file(path.string());
    }
    return read_file(path);
}

Error no_such_file(std::string_view path) {
    return {ErrorCode::not_found,
            words("{}: there is no such file; check its name", "{}：没有这个文件；请核对文件名", path)};
}

} // namespace wangge
