#include "address_file.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/log.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <string>
#include <tuple>

namespace wangge::publish {

namespace {

/// Other names and codes of the divisions; it owns their texts.
struct Aliases {
    std::deque<std::string> texts;
    std::vector<address::GazetteerAlias> all;

    void add(DivisionCode code, std::string text, address::NameKind kind) {
        all.push_back({code, texts.emplace_back(std::move(text)), kind});
    }
};

/// What a division was called or coded before, and what staff say that people call it, given also to what stands in its
/// place on the day. Each once, in one order.
Aliases aliases_on(registry::Registry const& registry, Date as_of, std::optional<GenerationNumber> known_at) {
    Aliases aliases;
    registry::ConcordanceTable const table{registry.concordance()};
    auto const give = [&](DivisionCode code, std::string const& text, address::NameKind kind) {
        aliases.add(code, text, kind);
        for (auto const successor : table.became(code, as_of).now) {
            if (successor != code) {
                aliases.add(successor, text, kind);
            }
        }
    };
    for (auto const& former : registry.former_names(as_of)) {
        give(former.code, former.name, address::NameKind::other);
    }
    for (auto const code : table.old_codes()) {
        give(code, code.str(), address::NameKind::code);
    }
    for (auto const& alias : registry.aliases(as_of, known_at)) {
        give(alias.code, alias.text, address::NameKind::other);
    }
    auto const key = [](address::GazetteerAlias const& a) { return std::tuple{a.code.value(), a.kind, a.text}; };
    std::ranges::sort(aliases.all, {}, key);
    auto const repeated = std::ranges::unique(aliases.all, {}, key);
    aliases.all.erase(repeated.begin(), repeated.end());
    return aliases;
}

void add_number(Sha256& hash, std::uint64_t value) { hash.update(std::as_bytes(std::span{&value, 1})); }
void add_text(Sha256& hash, std::string_view text) {
    add_number(hash, text.size());
    hash.update(text);
}

/// All that the index takes of a point of staff, and of the one whose place it takes. Its reason and days stay outside:
/// they make no other index.
std::string content_of(registry::StaffAddress const& address) {
    auto const& p = address.point;
    std::string out;
    for (auto const& text : {address.corrects ? address.corrects->source : std::string{}, p.id, p.text, p.road,
                             p.number, p.estate, p.building, p.unit, p.room}) {
        out += fmt::format("{} {} ", text.size(), text);
    }
    return out + fmt::format("{} {} {} {}", address.corrects.has_value(), p.village.value(), p.at.lon, p.at.lat);
}

bool is_whole(snapshot::FileToLink const& file) {
    auto const mapped = MappedFile::open(file.file);
    return mapped.bytes().size() == file.bytes && checksum64(mapped.bytes()) == file.checksum;
}

} // namespace

std::vector<AddressDivision> divisions_of(registry::State const& state) {
    std::vector<AddressDivision> divisions;
    for (auto const& d : state.divisions) {
        divisions.push_back({d.code, d.name, d.level, d.parent.value_or(DivisionCode{})});
    }
    return divisions;
}

std::vector<AddressDivision> divisions_of(snapshot::Snapshot const& snapshot) {
    std::vector<AddressDivision> divisions;
    for (snapshot::DivisionId id = 0; id < snapshot.division_count(); ++id) {
        auto const d = snapshot.division(id);
        divisions.push_back({d.code, d.name, d.level,
                             d.parent == snapshot::kNoDivision ? DivisionCode{} : snapshot.division(d.parent).code});
    }
    return divisions;
}

AddressFile::AddressFile(registry::DataFolder const& folder, registry::Registry const& registry, Progress& progress)
    : m_registry(registry)
    , m_progress(progress)
    , m_aside(folder.snapshots() / fmt::format("addresses.bin.new-{}", ::getpid())) {
    remove_left_over(folder);
}

void AddressFile::remove_left_over(registry::DataFolder const& folder) {
    wangge::remove_left_over(folder.snapshots() / "addresses.bin");
}

AddressFile::~AddressFile() {
    std::error_code ignored; // what stays goes with the next one
    std::filesystem::remove(m_aside, ignored);
}

Digest AddressFile::source(std::vector<AddressDivision> const& divisions, Date as_of,
                           std::optional<GenerationNumber> known_at) const {
    Sha256 hash;
    hash.update("wangge addresses 2\n");
    for (auto const& digest : {address::AddressIndex::rules(), m_registry.address_revision()}) {
        hash.update(std::as_bytes(std::span{digest.bytes}));
    }
    add_number(hash, divisions.size());
    for (auto const& d : divisions) {
        add_number(hash, d.code.value());
        add_number(hash, static_cast<std::uint64_t>(d.level));
        add_number(hash, d.parent.value());
        add_text(hash, d.name);
    }
    auto const aliases = aliases_on(m_registry, as_of, known_at);
    add_number(hash, aliases.all.size());
    for (auto const& alias : aliases.all) {
        add_number(hash, alias.code.value());
        add_number(hash, static_cast<std::uint64_t>(alias.kind));
        add_text(hash, alias.text);
    }
    std::vector<std::string> staff; // in an order of their own: made again by another change set they are the same
    for (auto const& address : m_registry.staff_addresses(as_of, known_at)) {
        staff.push_back(content_of(address));
    }
    std::ranges::sort(staff);
    for (auto const& address : staff) {
        add_text(hash, address);
    }
    std::vector<registry::ImportedAddress> retired;
    for (auto& one : m_registry.retired_addresses(as_of, known_at)) {
        retired.push_back(std::move(one.which));
    }
    std::ranges::sort(retired);
    for (auto const& [file, id] : retired) {
        add_text(hash, "retired");
        add_text(hash, file);
        add_text(hash, id);
    }
    return hash.finish();
}

bool AddressFile::is_current(snapshot::Snapshot const& snapshot, std::optional<GenerationNumber> known_at) const {
    auto const file = snapshot.addresses();
    auto const found = file ? address::AddressIndex::source_of(file->file) : std::nullopt;
    return found && *found == source(divisions_of(snapshot), snapshot.as_of(), known_at);
}

snapshot::FileToLink AddressFile::file(std::vector<AddressDivision> const& divisions, Date as_of,
                                       std::optional<GenerationNumber> known_at, snapshot::Snapshot const* former) {
    auto const wanted = source(divisions, as_of, known_at);
    if (m_built && m_built_source == wanted) {
        return *m_built;
    }
    if (auto const there = former == nullptr ? std::nullopt : former->addresses();
        there && address::AddressIndex::source_of(there->file) == wanted) {
        if (is_whole(*there)) {
            return *there;
        }
        log_error(fmt::format("{}: the file is damaged (checksum); it is built anew", there->file.string()));
    }
    std::vector<address::GazetteerEntry> entries;
    for (auto const& d : divisions) {
        entries.push_back({d.code, d.name, d.level, d.parent});
    }
    auto const aliases = aliases_on(m_registry, as_of, known_at);
    address::AddressContent content;
    content.divisions = entries;
    content.aliases = aliases.all;
    content.source = wanted;
    registry::Registry::AddressPoint point;
    content.next = [&, next = m_registry.addresses(as_of, known_at)](address::AddressRecord& record) {
        if (!next(point)) {
            return false;
        }
        record.id = point.id;
        record.text = point.text;
        record.village = point.village;
        record.road = point.road;
        record.number = point.number;
        record.estate = point.estate;
        record.building = point.building;
        record.unit = point.unit;
        record.room = point.room;
        record.at = point.at;
        record.by_staff = point.by_staff;
        return true;
    };
    auto const written = address::AddressIndex::write(content, m_aside, m_progress);
    m_built = {m_aside, written.bytes, written.checksum};
    m_built_source = wanted;
    return *m_built;
}

} // namespace wangge::publish
