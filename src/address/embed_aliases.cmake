# cmake -DFILE=... -DOUT=... -P embed_aliases.cmake: writes the reviewed names of divisions into a .cpp.
file(READ "${FILE}" text)
file(WRITE "${OUT}" "// Generated from geodata/guangdong/aliases.tsv; do not edit.\nnamespace wangge::address {\n\n"
  "extern char const* const kReviewedAliases;\nchar const* const kReviewedAliases =\n    R\"wangge_tsv(${text})wangge_tsv\";\n\n"
  "} // namespace wangge::address\n")
