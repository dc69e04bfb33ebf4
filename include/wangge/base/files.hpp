#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace wangge {

/// Read-only, shared mapping of a whole file. Movable. Pages are shared between processes.
class MappedFile {
public:
    /// Throws Error{environment} when the file cannot be opened or mapped.
    [[nodiscard]] static MappedFile open(std::filesystem::path const& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(MappedFile const&) = delete;
    MappedFile& operator=(MappedFile const&) = delete;
    ~MappedFile();
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept { return {m_data, m_size}; }
    /// Asks the kernel to bring the pages in and to use large ones where it can.
    void advise_random_hot() const noexcept;

private:
    MappedFile(std::byte const* data, std::size_t size) noexcept : m_data(data), m_size(size) {}
    std::byte const* m_data = nullptr;
    std::size_t m_size = 0;
};

/// Sequential writer that reports a full disk; close() syncs to disk. The destructor closes without syncing.
class FileWriter {
public:
    /// Creates or truncates. Throws Error{environment}.
    explicit FileWriter(std::filesystem::path path);
    ~FileWriter();
    FileWriter(FileWriter const&) = delete;
    FileWriter& operator=(FileWriter const&) = delete;
    /// Throws Error{environment} (disk full, ...), naming the file.
    void write(std::span<std::byte const> bytes);
    void write(std::string_view text);
    /// Flushes, fsyncs and closes. Throws Error{environment}.
    void close();
    /// Flushes and closes: other processes read what was written, a power cut may still lose it; sync_file() ends that.
    void close_unsynced();

private:
    void finish();
    void flush();
    void write_through(std::string_view text);
    std::filesystem::path m_path;
    std::string m_buffer;
    int m_fd = -1;
};

/// Is it what a process left that was killed: <name>.new-PID..., <name>.old-PID..., where PID no longer lives or is
/// this process, which has nothing unfinished of that name when it asks?
[[nodiscard]] bool is_left_over(std::string_view name) noexcept;
/// Removes what killed writers of `path` left beside it, files and folders. What cannot be removed stays.
void remove_left_over(std::filesystem::path const& path);
/// Makes a folder that is its owner's alone from the start (0700), and those above it; one that is there keeps its
/// mode. Throws Error{environment}.
void make_private_folder(std::filesystem::path const& folder);

/// Removes what is left over of `path`, writes `text` beside it, syncs, renames over it and syncs the folder: readers
/// see the old or the new file whole.
void write_file_atomically(std::filesystem::path const& path, std::string_view text);
/// Throws Error{environment}.
[[nodiscard]] std::string read_file(std::filesystem::path const& path);
/// fsync of a file that was written before. Throws Error{environment}.
void sync_file(std::filesystem::path const& path);
/// fsync of a folder, so that a rename in it survives a power cut.
void sync_folder(std::filesystem::path const& folder);
/// Renames and syncs the parent folder; the target must not exist as a non-empty folder.
void rename_durably(std::filesystem::path const& from, std::filesystem::path const& to);

/// Exclusive advisory lock held while the object lives; released by the kernel when the process dies.
class FileLock {
public:
    /// Throws Error{conflict} with `held_message` when another process holds it, Error{environment} when it cannot be
    /// made.
    FileLock(std::filesystem::path const& path, std::string const& held_message);
    ~FileLock();
    FileLock(FileLock const&) = delete;
    FileLock& operator=(FileLock const&) = delete;

private:
    int m_fd = -1;
};

} // namespace wangge
