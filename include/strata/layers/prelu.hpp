#pragma once

#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/sweep.hpp>
#include <strata/kernels/normalise.hpp>
#include <strata/kernels/rows.hpp>

#include <array>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace strata {

/// Whether every channel of a prelu learns a slope of its own, or all share one: prelu<shared_slope>.
enum class prelu_slope { of_channel, shared };
inline constexpr prelu_slope shared_slope = prelu_slope::shared;

/// y = x where x > 0, slope x elsewhere, where the slope is learned (He et al., "Delving deep into
/// rectifiers", 2015). As there, slopes begin at 0.25 and are not regularised.
template <prelu_slope Slope = prelu_slope::of_channel> struct prelu {
    initialiser slope_init = constant{0.25f};

    static constexpr std::string_view name = "prelu";
    static constexpr bool rectifies = true;
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer {
        prelu spec;
        parameter<T, 1> slope{};

        static constexpr index channels = In.channels;
        static constexpr index count = Slope == prelu_slope::shared ? 1 : channels; ///< of slopes
        static constexpr auto parameters =
            std::tuple{trainable("slope", &layer::slope, extents(count), kind::scale, &prelu::slope_init)};

        /// A slope may have become negative, so that y does not tell the sign of x.
        static constexpr bool backward_reads_output = false;
        static constexpr index scratch(extent e) {
            return bytes_of<T>(channels) + (e.training ? normalise_scratch<T>(rows(e), channels) : 0);
        }

        void forward(const T* x, T* y, const pass& p) const {
            each(p, 2, [=](const T* slopes, index at, index c, auto... n) {
                const auto v = detail::load(x + at, n...);
                detail::store(y + at, xsimd::select(v > zero(), v, v * detail::load(slopes + c, n...)), n...);
            });
        }

        void backward(const T* x, const T*, const T* dy, auto dx, const pass& p) {
            using namespace detail;
            const index grain = rows_per_chunk(rows(p), channels);
            T* const found = arena(p.scratch).take<T>(0);
            sum_chunks(found, rows(p), channels, 2, [=](index first, index rows_, T* own) {
                const T *const in = x + first * channels, *const grad = dy + first * channels;
                add_columns<T, 1>({own}, rows_, channels, turn_width<T>(rows_, channels),
                                  [=](auto& sums, index at, index, auto... n) {
                                      const auto v = load(in + at, n...), d = load(grad + at, n...);
                                      sums[0] += xsimd::select(v > zero(), zero(), v * d);
                                  });
            });
            double all = 0;
            for (index c = 0; c < channels; ++c) {
                double sum = 0;
                for (index chunk = 0; chunk < chunk_count(rows(p), grain); ++chunk)
                    sum += static_cast<double>(found[chunk * chunk_room<T>(channels) + c]);
                all += sum;
                if (Slope != prelu_slope::shared) slope.gradient.data()[c] = static_cast<T>(sum);
            }
            if (Slope == prelu_slope::shared) slope.gradient.data()[0] = static_cast<T>(all);
            if constexpr (!std::is_null_pointer_v<decltype(dx)>) backward_input(x, nullptr, dy, dx, p);
        }
        void backward_input(const T* x, const T*, const T* dy, T* dx, const pass& p) const {
            each(p, 3, [=](const T* slopes, index at, index c, auto... n) {
                const auto v = detail::load(x + at, n...), d = detail::load(dy + at, n...);
                detail::store(dx + at, xsimd::select(v > zero(), d, d * detail::load(slopes + c, n...)),
                              n...);
            });
        }

    private:
        static constexpr index rows(const extent& e) { return e.batch * In.pixels(); }
        static detail::vector_of<T> zero() { return detail::vector_of<T>(T(0)); }

        /// body(slopes, place, column, n...) for all vectors: slopes[column] is the first lane's.
        template <class Body> void each(const pass& p, index arrays, Body body) const {
            using namespace detail;
            T* const all = arena(p.scratch).take<T>(channels);
            for (index c = 0; c < channels; ++c) all[c] = slope.value.data()[count == 1 ? 0 : c];
            const index grain = rows_per_chunk(rows(p), channels);
            const index width = turn_width<T>(std::min(rows(p), grain), channels);
            const repeated<T> turned(all, channels, width);
            const T* const slopes = turned.data();
            sweep(rows(p), grain, arrays * channels * static_cast<index>(sizeof(T)),
                  [=](index begin, index end) {
                      const index first = begin * channels;
                      for_each_vector<T>((end - begin) * channels, width, [=](index at, index c, auto... n) {
                          body(slopes, first + at, c, n...);
                      });
                  });
        }
    };
};

} // namespace strata
