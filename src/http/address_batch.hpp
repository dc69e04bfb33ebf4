#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::http {

/// Addresses of one request.
struct AddressBatch {
    std::vector<std::string> texts;
    bool lines = false; ///< came as a text on each line, not as a JSON array
};

/// Reads a body: a JSON array of texts in UTF-8, or a text on each line in any bytes; a byte-order mark before either
/// is nothing. Empty when it is neither, or has more than `most` texts: then `fault` says why, in a sentence without
/// its end. Takes no more memory than the body for what it refuses.
[[nodiscard]] std::optional<AddressBatch> parse_address_batch(std::string_view body, std::size_t most,
                                                              std::string& fault);

} // namespace wangge::http
