#include "ogr_source.hpp"
#include "reader_sandbox.hpp"
#include "xlsx_source.hpp"

#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/reader_program.hpp>

#include <cpl_conv.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <new>
#include <string>

namespace wangge::importers {

namespace {

[[nodiscard]] std::string whole_input() {
    std::string bytes;
    std::string piece(std::size_t{1} << 16U, '\0');
    for (;;) {
        auto const got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got == 0) {
            return bytes;
        }
        if (got > 0) {
            bytes.append(piece, 0, static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            return {};
        }
    }
}

/// What must be there before the doors close: tables that libraries load at their first use.
void warm_up() {
    register_drivers();
    TextDecoder const gb18030{"GB18030"};
    TextDecoder const big5{"BIG5"};
    CPLSetConfigOption("GDAL_NUM_THREADS", "1");
    CPLSetConfigOption("OGR_SQLITE_LOAD_EXTENSIONS", nullptr);
}

template <class Source>
void send(Source&& source, FrameWriter& writer) {
    writer.header(source.header());
    RawFeature feature;
    std::vector<RowProblem> problems;
    std::uint64_t features = 0;
    while (source.next(feature, problems)) {
        writer.feature(feature, problems);
        ++features;
    }
    writer.end(features);
}

void read(ReadRequest const& request, FrameWriter& writer) {
    std::filesystem::path const shown{request.path};
    bool const database = is_database_source(shown);
    std::error_code error;
    auto const path = database ? shown : std::filesystem::absolute(shown, error);
    auto const readable = std::filesystem::is_directory(path, error) ? std::vector{path} : files_of(path);
    warm_up();
    enter_sandbox(readable, request.options.limits, database);
    if (request.sheet) {
        send(XlsxSource{path.string(), source_name(shown), request.options}, writer);
    } else {
        SourceFile const file{path, source_name(shown), request.options};
        send(OgrSource{file, request.options}, writer);
    }
}

} // namespace

int run_reader_program() {
    FrameWriter writer{STDOUT_FILENO};
    ReadRequest request;
    try {
        request = decode_request(whole_input());
        read(request, writer);
        return 0;
    } catch (Error const& error) {
        writer.fault(error.code(), error.words());
    } catch (std::bad_alloc const&) {
        writer.fault(ErrorCode::data_unreadable,
                     words("{}: reading it needs more than {} MiB of memory; it is damaged or too large: have it "
                           "exported again, or cut it into parts",
                           "{}：读取它需要超过 {} MiB 内存；文件已损坏或过大：请重新导出，或分成几部分",
                           source_name(request.path), request.options.limits.memory_bytes >> 20U));
    } catch (std::exception const& error) {
        writer.fault(ErrorCode::data_unreadable,
                     words("{}: cannot be read: {}", "{}：无法读取：{}", source_name(request.path), error.what()));
    }
    return 1;
}

} // namespace wangge::importers
