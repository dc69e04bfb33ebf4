// Entry point of every Boost.Test program.
#define BOOST_TEST_MODULE wangge
#include <boost/test/unit_test.hpp>
