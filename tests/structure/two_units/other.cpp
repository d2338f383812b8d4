#include <strata/strata.hpp>

int answer_of_the_other_unit() {
    return strata::threads();
}
