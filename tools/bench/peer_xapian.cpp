#include "address_peers.hpp"
#include "coverage.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <xapian.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace wangge::bench {

namespace {

Xapian::Document terms_of(Xapian::TermGenerator& generator, std::string_view text) {
    Xapian::Document document;
    generator.set_document(document);
    generator.index_text_without_positions(std::string{text});
    return document;
}

/// Terms are characters and pairs of neighbouring ones (Xapian's CJK n-grams), the same for addresses and questions.
/// Any of a question's terms is enough, BM25 ranks; those that most addresses have cost much and tell nothing and are
/// left out.
class XapianPeer final : public AddressPeer {
public:
    explicit XapianPeer(std::span<std::string_view const> addresses) : m_folder("xapian") {
        m_generator.set_flags(Xapian::TermGenerator::FLAG_CJK_NGRAM);
        ::setenv("XAPIAN_FLUSH_THRESHOLD", "250000",
                 1); // documents to a batch; half again as fast as with the 10000 it takes by itself
        try {
            Xapian::WritableDatabase writable{path(), Xapian::DB_CREATE | Xapian::DB_BACKEND_GLASS |
                                                          Xapian::DB_NO_SYNC | Xapian::DB_DANGEROUS};
            for (auto const address : addresses) {
                writable.add_document(terms_of(m_generator, address));
            }
            writable.commit();
            writable.close();
            m_database = Xapian::Database{path()};
        } catch (Xapian::Error const& e) {
            throw Error{ErrorCode::environment, fmt::format("Xapian: {}", e.get_description())};
        }
    }
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) override {
        auto const document = terms_of(m_generator, text);
        std::vector<std::pair<Xapian::doccount, std::string>> terms;
        for (auto term = document.termlist_begin(); term != document.termlist_end(); ++term) {
            if (auto const rows = m_database.get_termfreq(*term); rows != 0) {
                terms.emplace_back(rows, *term);
            }
        }
        std::sort(terms.begin(), terms.end());
        while (terms.size() > kFewTerms && terms.back().first > m_database.get_doccount() / 50) {
            terms.pop_back();
        }
        std::vector<std::string> asked;
        for (auto& [rows, term] : terms) {
            asked.push_back(std::move(term));
        }
        Xapian::Enquire enquire{m_database};
        enquire.set_query(Xapian::Query{Xapian::Query::OP_OR, asked.begin(), asked.end()});
        auto const hits = enquire.get_mset(0, 1);
        if (hits.empty()) {
            return {};
        }
        return *hits[0] - 1; // documents are numbered from 1 in the order in which they were added
    }
    [[nodiscard]] std::uint64_t file_bytes() override {
        std::uint64_t bytes = 0;
        for (auto const& entry : std::filesystem::directory_iterator{path()}) {
            bytes += entry.file_size();
        }
        return bytes;
    }

private:
    /// As many are asked even when more than one address in fifty has them.
    static constexpr std::size_t kFewTerms = 3;

    [[nodiscard]] std::string path() const { return (m_folder.path() / "addresses").string(); }

    TemporaryFolder m_folder;
    Xapian::TermGenerator m_generator;
    Xapian::Database m_database;
};

} // namespace

std::unique_ptr<AddressPeer> make_xapian_peer(std::span<std::string_view const> addresses) {
    return std::make_unique<XapianPeer>(addresses);
}

} // namespace wangge::bench
