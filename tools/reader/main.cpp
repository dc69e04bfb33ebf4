#include <wangge/importers/reader_program.hpp>

/// Started by wangge for each file from outside; of no use to a person.
int main() { return wangge::importers::run_reader_program(); }
