#include "address_batch.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace wangge::http {

namespace {

/// Takes the texts of a JSON array; stops at what is none, and at one too many, before the rest takes memory.
class TextArray final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit TextArray(std::size_t most) : m_most(most) {}
    std::vector<std::string> texts;
    std::string fault; ///< in words; empty: none so far

    bool string(string_t& text) override {
        if (!m_open) {
            return stop("the body is no JSON array");
        }
        texts.push_back(std::move(text));
        return texts.size() <= m_most || stop("");
    }
    bool start_array(std::size_t) override { return m_open ? no_text() : (m_open = true); }
    bool end_array() override { return true; }
    bool null() override { return no_text(); }
    bool boolean(bool) override { return no_text(); }
    bool number_integer(number_integer_t) override { return no_text(); }
    bool number_unsigned(number_unsigned_t) override { return no_text(); }
    bool number_float(number_float_t, string_t const&) override { return no_text(); }
    bool binary(binary_t&) override { return no_text(); }
    bool start_object(std::size_t) override { return no_text(); }
    bool key(string_t&) override { return no_text(); }
    bool end_object() override { return no_text(); }
    bool parse_error(std::size_t byte, std::string const&, nlohmann::detail::exception const&) override {
        return stop(fmt::format("the body is no JSON array in UTF-8: it breaks at byte {}", byte));
    }

private:
    bool no_text() { return stop(fmt::format("element {} of the array is no text", texts.size())); }
    bool stop(std::string why) {
        fault = std::move(why);
        return false;
    }
    std::size_t m_most;
    bool m_open = false;
};

} // namespace

std::optional<AddressBatch> parse_address_batch(std::string_view body, std::size_t most, std::string& fault) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    body.remove_prefix(body.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    AddressBatch batch;
    auto const first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        fault = "the body is empty: a JSON array of addresses is needed, or an address on each line";
        return std::nullopt;
    }
    if (body[first] == '{' || body[first] == '"') { // who sends JSON means no line of text
        fault = R"(the body is no JSON array: write ["...", "..."], or an address on each line)";
        return std::nullopt;
    }
    if (body[first] == '[') {
        TextArray array{most};
        nlohmann::json::sax_parse(body, &array);
        if (!array.fault.empty()) {
            fault = std::move(array.fault);
            return std::nullopt;
        }
        batch.texts = std::move(array.texts);
    } else {
        batch.lines = true;
        for (std::size_t begin = 0; begin < body.size() && batch.texts.size() <= most;) {
            auto const end = std::min(body.find('\n', begin), body.size());
            auto line = body.substr(begin, end - begin);
            line.remove_suffix(line.ends_with('\r') ? 1 : 0);
            batch.texts.emplace_back(line);
            begin = end + 1;
        }
    }
    if (batch.texts.size() > most) {
        fault =
            fmt::format("the body has more than {} addresses; send at most so many at a time, or use wangge address "
                        "--file for files",
                        most);
        return std::nullopt;
    }
    return batch;
}

} // namespace wangge::http
