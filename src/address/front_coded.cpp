#include "front_coded.hpp"

#include <algorithm>

namespace wangge::address {

namespace {

/// Reads a length and moves on; as much as the bytes hold when they end first.
std::size_t take_length(std::span<char const>& bytes) noexcept {
    std::size_t length = 0;
    for (unsigned shift = 0; !bytes.empty() && shift < 64; shift += 7) {
        auto const byte = static_cast<unsigned char>(bytes.front());
        bytes = bytes.subspan(1);
        length |= std::size_t{byte & 0x7fU} << shift;
        if (byte < 0x80U) {
            break;
        }
    }
    return length;
}

} // namespace

void FrontCodedTexts::read(std::size_t number, std::string& text) const {
    auto const begin = m_blocks[number / kBlock];
    auto bytes = m_bytes.subspan(std::min<std::size_t>(begin, m_bytes.size()));
    text.clear();
    for (std::size_t i = 0; i <= number % kBlock; ++i) {
        auto const shared = i == 0 ? 0 : take_length(bytes);
        auto const said = take_length(bytes); // before what is left is asked for
        auto const rest = std::min(said, bytes.size());
        text.resize(std::min(shared, text.size()));
        text.append(bytes.data(), rest);
        bytes = bytes.subspan(rest);
    }
}

void FrontCodedWriter::add(std::string_view text) {
    if (m_count++ % FrontCodedTexts::kBlock == 0) {
        m_blocks.push_back(m_bytes.size());
        put_length(text.size());
        m_bytes.insert(m_bytes.end(), text.begin(), text.end());
    } else {
        auto const shared = static_cast<std::size_t>(
            std::mismatch(text.begin(), text.end(), m_last.begin(), m_last.end()).first - text.begin());
        put_length(shared);
        put_length(text.size() - shared);
        m_bytes.insert(m_bytes.end(), text.begin() + static_cast<std::ptrdiff_t>(shared), text.end());
    }
    m_last = text;
}

void FrontCodedWriter::put_length(std::size_t length) {
    for (; length >= 0x80U; length >>= 7U) {
        m_bytes.push_back(static_cast<char>(length | 0x80U));
    }
    m_bytes.push_back(static_cast<char>(length));
}

} // namespace wangge::address
