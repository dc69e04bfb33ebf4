#include <wangge/importers/reader_program.hpp>

namespace {

[[maybe_unused]] bool const chosen = (wangge::importers::use_reader_program(WANGGE_READER), true);

} // namespace
