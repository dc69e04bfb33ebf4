#pragma once

#include "states.hpp"

#include <wangge/base/error.hpp>

#include <lookup/small_province.hpp>

#include <atomic>
#include <functional>

namespace wangge::test {

/// States over the small province. Its snapshot holds `at_hand`; days before 2000 have an empty one that has to be
/// obtained.
class FixedStates final : public http::States {
public:
    explicit FixedStates(SmallProvince const& province) : m_province(province) {
        snapshot::Content nothing;
        nothing.as_of = day("1999-01-01");
        nothing.unchanged = {kAlways, day("2000-01-01")};
        nothing.generation = 7;
        SilentProgress progress;
        snapshot::write_snapshot(nothing, m_folder.path() / "empty", progress);
        m_empty = snapshot::Snapshot::open(m_folder.path() / "empty");
    }

    std::optional<http::Served> find(http::Asked const& asked) override {
        last_asked = asked;
        if (!m_empty->unchanged().holds(asked.day)) {
            return http::Served{m_province.snapshot(), m_province.roster()};
        }
        return std::nullopt;
    }
    http::Served obtain(http::Asked const&) override {
        ++obtained;
        if (on_obtain) {
            on_obtain();
        }
        return {m_empty, m_province.roster()};
    }
    std::shared_ptr<snapshot::Snapshot const> current() override { return published ? m_province.snapshot() : nullptr; }

    std::atomic<int> obtained{0};
    std::function<void()> on_obtain;
    bool published = true;
    http::Asked last_asked;

private:
    SmallProvince const& m_province;
    TemporaryFolder m_folder;
    std::shared_ptr<snapshot::Snapshot const> m_empty;
};

} // namespace wangge::test
