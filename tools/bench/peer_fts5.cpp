#include "address_peers.hpp"
#include "coverage.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace wangge::bench {

namespace {

/// Trigrams of a text, each once. `text` is UTF-8.
std::vector<std::string_view> trigrams(std::string_view text) {
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
            begins.push_back(i);
        }
    }
    begins.push_back(text.size());
    std::vector<std::string_view> found;
    for (std::size_t k = 0; k + 3 < begins.size(); ++k) {
        found.push_back(text.substr(begins[k], begins[k + 3] - begins[k]));
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

/// An index without the texts (content=''), in a file whose pages all fit the cache. Trigrams that most addresses have
/// (广东省) cost much and tell nothing, so a text is asked by its rarest ones only.
class Fts5Peer final : public AddressPeer {
public:
    explicit Fts5Peer(std::span<std::string_view const> addresses)
        : m_folder("fts5"), m_common(static_cast<std::int64_t>(addresses.size() / 50)) {
        check(sqlite3_open(file().c_str(), &m_db));
        run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000; PRAGMA temp_store = "
            "MEMORY;"
            "CREATE VIRTUAL TABLE address USING fts5(text, content = '', tokenize = 'trigram');"
            "INSERT INTO address(address, rank) VALUES('hashsize', 67108864); BEGIN;");
        auto* const insert = prepare("INSERT INTO address(rowid, text) VALUES (?1, ?2)");
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i + 1));
            sqlite3_bind_text64(insert, 2, addresses[i].data(), addresses[i].size(), SQLITE_STATIC, SQLITE_UTF8);
            sqlite3_step(insert);
            check(sqlite3_reset(insert));
        }
        sqlite3_finalize(insert);
        run("COMMIT; INSERT INTO address(address) VALUES('optimize');"
            "CREATE VIRTUAL TABLE temp.term USING fts5vocab(main, address, row);");
        auto* const terms = prepare("SELECT term, doc FROM temp.term");
        while (sqlite3_step(terms) == SQLITE_ROW) {
            m_rows.emplace(reinterpret_cast<char const*>(sqlite3_column_text(terms, 0)),
                           sqlite3_column_int64(terms, 1));
        }
        sqlite3_finalize(terms);
        m_find = prepare("SELECT rowid FROM address(?1) ORDER BY rank LIMIT 1");
    }
    ~Fts5Peer() override {
        sqlite3_finalize(m_find);
        sqlite3_close(m_db);
    }
    Fts5Peer(Fts5Peer const&) = delete;
    Fts5Peer& operator=(Fts5Peer const&) = delete;

    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) override {
        std::vector<std::pair<std::int64_t, std::string_view>> known;
        for (auto const gram : trigrams(text)) {
            if (auto const at = m_rows.find(std::string{gram}); at != m_rows.end()) {
                known.emplace_back(at->second, gram);
            }
        }
        if (known.empty()) {
            return {};
        }
        std::sort(known.begin(), known.end());
        known.resize(std::min<std::size_t>(known.size(), kMostTrigrams));
        while (known.size() > kFewTrigrams && known.back().first > m_common) {
            known.pop_back();
        }
        std::string query;
        for (auto const& [rows, gram] : known) {
            query += query.empty() ? "\"" : " OR \"";
            for (char const c : gram) {
                query += c == '"' ? "\"\"" : std::string{c};
            }
            query += '"';
        }
        sqlite3_bind_text64(m_find, 1, query.data(), query.size(), SQLITE_STATIC, SQLITE_UTF8);
        std::optional<std::uint32_t> hit;
        if (sqlite3_step(m_find) == SQLITE_ROW) {
            hit = static_cast<std::uint32_t>(sqlite3_column_int64(m_find, 0) - 1);
        }
        check(sqlite3_reset(m_find));
        return hit;
    }
    [[nodiscard]] std::uint64_t file_bytes() override { return std::filesystem::file_size(file()); }

private:
    /// More cost time and find hardly more.
    static constexpr std::size_t kMostTrigrams = 12;
    /// As many are asked even when more than one address in fifty has them.
    static constexpr std::size_t kFewTrigrams = 3;

    [[nodiscard]] std::filesystem::path file() const { return m_folder.path() / "addresses.sqlite"; }
    void check(int code) {
        if (code != SQLITE_OK) {
            throw Error{ErrorCode::environment, fmt::format("SQLite FTS5: {}", sqlite3_errmsg(m_db))};
        }
    }
    void run(char const* sql) { check(sqlite3_exec(m_db, sql, nullptr, nullptr, nullptr)); }
    sqlite3_stmt* prepare(char const* sql) {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v2(m_db, sql, -1, &statement, nullptr));
        return statement;
    }

    TemporaryFolder m_folder;
    sqlite3* m_db = nullptr;
    sqlite3_stmt* m_find = nullptr;
    std::int64_t m_common = 0;
    std::unordered_map<std::string, std::int64_t> m_rows; ///< how many addresses have a trigram
};

} // namespace

std::unique_ptr<AddressPeer> make_fts5_peer(std::span<std::string_view const> addresses) {
    return std::make_unique<Fts5Peer>(addresses);
}

} // namespace wangge::bench
