#include "dirty.hpp"
#include "people.hpp"
#include "writer.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/text_recoder.hpp>

#include <fmt/compile.h>
#include <fmt/format.h>
#include <xlsxwriter.h>

#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace wangge::synth {

namespace {

/// A text file whose digest is taken on the way.
class HashedFile {
public:
    HashedFile(std::filesystem::path const& out, std::string name) : m_name(std::move(name)), m_writer(out / m_name) {}

    void write(std::string_view text) {
        m_writer.write(text);
        m_hash.update(text);
        m_bytes += text.size();
    }
    SynthFile finish() {
        m_writer.close();
        return {m_name, m_bytes, m_hash.finish().hex()};
    }

private:
    std::string m_name;
    FileWriter m_writer;
    Sha256 m_hash;
    std::uint64_t m_bytes = 0;
};

/// One workbook; sheets of at most a million rows, because a sheet of XLSX ends at 1,048,576.
class Workbook {
public:
    Workbook(std::filesystem::path const& out, std::string name) : m_out(out), m_name(std::move(name)) {
        auto folder = out.string();
        lxw_workbook_options options{};
        options.constant_memory = LXW_TRUE;
        options.tmpdir = folder.data();
        m_book = workbook_new_opt((out / m_name).c_str(), &options);
        if (m_book == nullptr) {
            throw Error{ErrorCode::environment, fmt::format("{}: cannot be made", (out / m_name).string())};
        }
        lxw_doc_properties properties{};
        char title[] = "网格员名册（合成数据 synthetic）";
        properties.title = title;
        properties.created = 1719792000; // 2024-07-01 UTC in place of the clock, so that the bytes repeat
        workbook_set_properties(m_book, &properties);
    }
    ~Workbook() {
        if (m_book != nullptr) {
            workbook_close(m_book); // frees it; an error has been thrown already
        }
    }
    Workbook(Workbook const&) = delete;
    Workbook& operator=(Workbook const&) = delete;

    template <std::size_t N>
    void add(std::array<char const*, N> const& cells) {
        if (m_sheet == nullptr || m_row > 1000000) {
            m_sheet = workbook_add_worksheet(m_book, fmt::format("网格员{}", ++m_sheets).c_str());
            m_row = 0;
            put(kHeader);
        }
        put(cells);
    }

    SynthFile finish() {
        auto* const book = std::exchange(m_book, nullptr);
        if (auto const error = workbook_close(book); error != LXW_NO_ERROR) {
            throw Error{ErrorCode::environment,
                        fmt::format("{}: writing failed: {}", (m_out / m_name).string(), lxw_strerror(error))};
        }
        return describe_file(m_out, m_name);
    }

    static constexpr std::array<char const*, 6> kHeader{"工号", "姓名", "手机号码", "网格编码", "角色", "生效日期"};

private:
    template <std::size_t N>
    void put(std::array<char const*, N> const& cells) {
        for (std::size_t i = 0; i < N; ++i) {
            if (auto const error = worksheet_write_string(m_sheet, m_row, static_cast<lxw_col_t>(i), cells[i], nullptr);
                error != LXW_NO_ERROR) {
                throw Error{ErrorCode::environment,
                            fmt::format("{}: writing failed: {}", (m_out / m_name).string(), lxw_strerror(error))};
            }
        }
        ++m_row;
    }

    std::filesystem::path m_out;
    std::string m_name;
    lxw_workbook* m_book = nullptr;
    lxw_worksheet* m_sheet = nullptr;
    lxw_row_t m_row = 0;
    int m_sheets = 0;
};

class OfficerWriter final : public Writer {
public:
    explicit OfficerWriter(std::filesystem::path const& out)
        : m_csv(out, "officers.csv"), m_book(out, "officers.xlsx") {
        write_gb18030("工号,姓名,手机号码,网格编码,角色,生效日期\r\n");
    }

    void add(CountyData const& data) override {
        std::string text;
        for (auto const& row : data.officers) {
            fmt::format_to(std::back_inserter(text), FMT_COMPILE("{},{},{},{},{},{}\r\n"), row.number, row.name,
                           row.phone, row.grid_code, row.role, row.effective);
            m_book.add<6>({row.number.c_str(), row.name.c_str(), row.phone.c_str(), row.grid_code.c_str(), row.role,
                           row.effective.c_str()});
        }
        write_gb18030(std::move(text));
    }

    std::vector<SynthFile> finish() override {
        auto csv = m_csv.finish();
        return {std::move(csv), m_book.finish()};
    }

private:
    void write_gb18030(std::string text) {
        if (!m_encoder.convert(text)) {
            throw Error{ErrorCode::corrupt, "a text of the generator is not valid UTF-8"};
        }
        m_csv.write(text);
    }

    TextRecoder m_encoder{"GB18030", "UTF-8"};
    HashedFile m_csv;
    Workbook m_book;
};

class TableWriter final : public Writer {
public:
    TableWriter(std::filesystem::path const& out, bool dirty)
        : m_addresses(out, "addresses.csv"), m_units(out, "emergency_units.csv") {
        // Without the mark, spreadsheet programs take the Chinese for the system's own encoding.
        constexpr std::string_view kMark = "\xEF\xBB\xBF";
        m_addresses.write(kMark);
        m_addresses.write(kAddressHeader);
        m_units.write(kMark);
        m_units.write(kUnitHeader);
        if (dirty) {
            m_defects.emplace(out, "defects.csv");
            m_defects->write(kDefectHeader);
        }
    }

    void add(CountyData const& data) override {
        m_addresses.write(data.addresses);
        m_units.write(data.emergency_units);
        if (m_defects) {
            m_defects->write(data.defects);
        }
    }

    std::vector<SynthFile> finish() override {
        std::vector<SynthFile> files{m_addresses.finish(), m_units.finish()};
        if (m_defects) {
            files.push_back(m_defects->finish());
        }
        return files;
    }

private:
    HashedFile m_addresses, m_units;
    std::optional<HashedFile> m_defects;
};

} // namespace

SynthFile describe_file(std::filesystem::path const& out, std::string const& name) {
    return {name, std::filesystem::file_size(out / name), sha256_of_file(out / name).hex()};
}

std::unique_ptr<Writer> make_officer_writer(std::filesystem::path const& out) {
    return std::make_unique<OfficerWriter>(out);
}

std::unique_ptr<Writer> make_table_writer(std::filesystem::path const& out, bool dirty) {
    return std::make_unique<TableWriter>(out, dirty);
}

} // namespace wangge::synth
