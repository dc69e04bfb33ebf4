#include <wangge/base/error.hpp>

namespace wangge {

int exit_code(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::data_unreadable:
    case ErrorCode::data_rejected:
    case ErrorCode::not_found:
        return 1;
    case ErrorCode::usage:
        return 2;
    case ErrorCode::conflict:
    case ErrorCode::environment:
    case ErrorCode::corrupt:
        return 3;
    }
    return 3;
}

} // namespace wangge
