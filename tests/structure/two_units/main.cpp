#include <strata/strata.hpp>

int answer_of_the_other_unit();

int main() {
    strata::threads(3);
    return answer_of_the_other_unit() == 3 ? 0 : 1;
}
