#pragma once

#include "site_system.hpp"

#include <memory>
#include <string>

struct PJconsts; // PJ and PJ_CONTEXT of proj.h, which stays out of headers
struct pj_ctx;

namespace wangge::crs {

struct ContextDelete {
    void operator()(pj_ctx* context) const noexcept;
};
struct PjDelete {
    void operator()(PJconsts* pj) const noexcept;
};
using Context = std::unique_ptr<pj_ctx, ContextDelete>;
using Pj = std::unique_ptr<PJconsts, PjDelete>;

/// Without network and without log. Throws Error{environment} when memory is short.
[[nodiscard]] Context make_context();

/// "unnamed" when it has none or is null.
[[nodiscard]] std::string name_of(PJconsts const* pj);
[[nodiscard]] std::string datum_name(pj_ctx* context, PJconsts const* geodetic);

/// EPSG name of a CRS: its own id, or the one that a .prj without an id stands for; empty when there is none.
[[nodiscard]] std::string epsg_name(pj_ctx* context, PJconsts const* crs);

/// Of the operations from `source` to `target` the best real one that can run here; empty when all are ballpark.
[[nodiscard]] Pj best_operation(pj_ctx* context, PJconsts const* source, PJconsts const* target);

/// Conversion from `crs` to longitude first degrees of the geographic system under it, without a datum change.
[[nodiscard]] Pj unproject(pj_ctx* context, PJconsts const* crs, PJconsts const* base);

/// Does the operation leave a position in Guangdong where it is?
[[nodiscard]] bool leaves_unmoved(PJconsts* operation);

/// A definition that carries parameters which are all zero: programs write them when they know none.
[[nodiscard]] bool carries_empty_parameters(pj_ctx* context, PJconsts const* bound);

/// Zeros when PROJ does not know it.
[[nodiscard]] Ellipsoid ellipsoid_of(pj_ctx* context, PJconsts const* geodetic);
[[nodiscard]] bool is_ellipsoid_of_cgcs2000(Ellipsoid const& ellipsoid) noexcept;
[[nodiscard]] bool counts_from_greenwich(pj_ctx* context, PJconsts const* geodetic);

[[nodiscard]] bool same_geographic(pj_ctx* context, PJconsts const* geodetic, char const* code);

} // namespace wangge::crs
