#include <strata/core/error.hpp>
#include <strata/layers/dense.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/fit.hpp>

#include <vector>

#include "../samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

using steps = std::vector<strata::index>;

/// The steps after which an evaluation was there, and how often a new one was.
struct watcher {
    static constexpr bool reports = true;
    steps* seen;
    template <class Run> void look(Run& run) {
        const measured& m = run.evaluation_of("validation");
        if (m.step > 0 && (seen->empty() || seen->back() != m.step)) seen->push_back(m.step);
    }
    template <class Run> void step(Run& run) { look(run); }
    template <class Run> void end(Run& run) { look(run); }
};

/// Evaluates as often as `evaluate` is called: counts it through its data's size.
struct counted_data : labelled {
    int* asked;
    strata::index size() const { return ++*asked, labelled::size(); }
};

} // namespace

TEST_CASE("evaluate_on looks every epoch, or every N steps, and once at the end", "[evaluate_on]") {
    const labelled train = clouds(12, 3), validation = clouds(9, 3, 2);
    const auto looks = [&](strata::index every, strata::index count, strata::index stop_at = -1) {
        steps seen;
        network net{input<2>{}, dense<3>{}};
        // the stop comes behind the evaluation: the last step must be looked at all the same
        fit(net, train, softmax_cross_entropy{}, adam{}, {.batch_size = 4, .steps = count}, watcher{&seen},
            evaluate_on{validation, every}, [&](auto& run) {
                if (run.step() == stop_at) run.stop("test");
            });
        return seen;
    };
    CHECK(looks(0, 9) == steps{3, 6, 9});
    CHECK(looks(0, 8) == steps{3, 6, 8});
    CHECK(looks(4, 9) == steps{4, 8, 9});
    CHECK(looks(4, 8) == steps{4, 8});
    CHECK(looks(100, 8) == steps{8});
    CHECK(looks(0, 9, 5) == steps{3, 5});
    CHECK(looks(4, 9, 4) == steps{4});
}

TEST_CASE("evaluate_on evaluates no step twice", "[evaluate_on]") {
    int asked = 0;
    const counted_data data{clouds(9, 3), &asked};
    network net{input<2>{}, dense<3>{}};
    workspace room;
    evaluate(net, data);
    const int once = asked;
    asked = 0;
    evaluate_on look{data, 2};
    fit(net, clouds(12, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 4, .steps = 6}, look);
    CHECK(asked == 3 * once);
}

TEST_CASE("evaluate_on keeps the newest and the best result", "[evaluate_on]") {
    const labelled train = clouds(30, 3), validation = clouds(9, 3, 2);
    network net{input<2>{}, dense<3>{}};
    evaluate_on look{validation, 1};
    double best = -1;
    strata::index best_step = 0;
    fit(net, train, softmax_cross_entropy{}, adam{0.05}, {.batch_size = 10, .steps = 40, .seed = 1}, look,
        [&](auto& run) {
            CHECK(run.evaluation_of("validation").result.accuracy == look.newest.accuracy);
            if (look.newest.accuracy > best) {
                best = look.newest.accuracy;
                best_step = run.step();
            }
        });
    CHECK(look.newest.loss == evaluate(net, validation).loss);
    CHECK(look.newest_step == 40);
    CHECK(look.best.accuracy == best);
    CHECK(look.best_step == best_step);
}

TEST_CASE("evaluate_on uses the average, and the best of rows is that of least loss", "[evaluate_on]") {
    network net{input<2>{}, dense<1>{}};
    evaluate_on look{plane(20, 2), 1};
    double best = 1e9;
    fit(net, plane(64), mean_squared_error{}, adam{0.05},
        {.batch_size = 16, .steps = 50, .average = moving_average{}}, look, [&](auto& run) {
            auto averaged = run.trainer.net();
            const auto average = run.trainer.average();
            std::copy(average.begin(), average.end(), averaged.values().begin());
            REQUIRE(look.newest.loss == evaluate(averaged, look.data, mean_squared_error{}).loss);
            best = std::min(best, look.newest.loss);
        });
    CHECK(look.best.loss == best);
    CHECK(look.newest.loss == evaluate(net, look.data, mean_squared_error{}).loss);
}

TEST_CASE("evaluate_on says what does not fit", "[evaluate_on]") {
    CHECK(message<argument_error>([] {
              evaluate_on{clouds(9, 3), -1};
          })
          == "evaluate_on: every -1 steps, at least 1 is needed, or 0 for every epoch");
    network net{input<2>{}, dense<3>{}};
    const auto before = copy_of(net.values());
    CHECK(message<argument_error>([&] {
              fit(net, clouds(9, 3), softmax_cross_entropy{}, adam{}, {.steps = 2},
                  evaluate_on{clouds(8, 4), 1});
          })
          == "label 3 at position 3 of the batch is not in 0 .. 2: the network has 3 outputs");
    CHECK(copy_of(net.values()) != before); // its step was done
}
