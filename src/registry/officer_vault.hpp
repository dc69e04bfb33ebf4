#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::registry {

/// Makes the folder (0700) and the key file (0600, 64 hexadecimal digits). Keeps a key that is there already.
void make_officer_key(std::filesystem::path const& file);

/// Seals and opens officers' phones and files with the key of the data folder (libsodium secretbox, a fresh nonce for
/// each).
class OfficerVault {
public:
    /// Throws Error{environment} when the key is missing, malformed or readable by others.
    explicit OfficerVault(std::filesystem::path const& key_file);
    ~OfficerVault();
    OfficerVault(OfficerVault const&) = delete;
    OfficerVault& operator=(OfficerVault const&) = delete;

    [[nodiscard]] std::vector<std::byte> seal(std::string_view plain) const;
    /// Throws Error{corrupt} when the box was not sealed by this key.
    [[nodiscard]] std::string open(std::span<std::byte const> sealed) const;

private:
    std::filesystem::path m_file;
    std::array<unsigned char, 32> m_key{};
};

/// "13812341234" -> "138****1234". Anything but 11 or more printable ASCII characters becomes "****"; empty stays
/// empty.
[[nodiscard]] std::string mask_phone(std::string_view phone);

} // namespace wangge::registry
