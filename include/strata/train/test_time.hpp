#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/data/transforms/image.hpp>

#include <algorithm>

namespace strata {

/// Test-time augmentation: the outputs of a network (logits) are averaged over several views of every sample.
///
///     evaluate(net, test.with(standard), softmax_cross_entropy{}, {.augment = {.flip = true, .shift = 1}})
///
/// is what Jordan does ("94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.5): six views.
struct test_time {
    bool flip = false; ///< every view mirrored left to right, too
    /// The sample moved by so many pixels down and to the right, and up and to the left: these two views
    /// count together as much as the sample where it was.
    index shift = 0;
    padding_mode mode = padding_mode::reflect; ///< what comes in from outside

    /// There is more than one view.
    bool is_used() const { return flip || shift != 0; }
};

namespace detail {

/// Computes the averaged outputs.
template <class T> class averaged_views {
public:
    /// Throws argument_error if an option does not go with samples of this shape.
    averaged_views(const test_time& options, shape sample, index outputs, index capacity)
        : m_options(options),
          m_sample(sample),
          m_outputs(outputs),
          m_x(capacity * sample.size()),
          m_y(capacity * outputs) {
        check_shift("evaluate", "augment.shift", options.shift, sample);
    }

    /// y = the weighted mean of the outputs for x and its views, which `forward(x, y)` computes.
    template <class Forward> void operator()(const T* x, T* y, index batch, const Forward& forward) {
        std::fill_n(y, batch * m_outputs, T{0});
        const double weight = (m_options.shift != 0 ? 0.5 : 1) * (m_options.flip ? 0.5 : 1);
        add(x, y, batch, 0, weight, forward);
        if (m_options.shift == 0) return;
        add(x, y, batch, m_options.shift, weight / 2, forward);
        add(x, y, batch, -m_options.shift, weight / 2, forward);
    }

private:
    template <class Forward>
    void add(const T* x, T* y, index batch, index pixels, double weight, const Forward& forward) {
        const index size = m_sample.size();
        const auto add_outputs = [&] {
            forward(static_cast<const T*>(m_x.data()), m_y.data());
            for (index i = 0; i < batch * m_outputs; ++i) y[i] += static_cast<T>(weight) * m_y[i];
        };
        for (index i = 0; i < batch; ++i)
            shift(x + i * size, m_x.data() + i * size, m_sample, pixels, pixels, m_options.mode);
        add_outputs();
        if (!m_options.flip) return;
        for (index i = 0; i < batch; ++i) mirror(m_x.data() + i * size, m_sample);
        add_outputs();
    }

    test_time m_options;
    shape m_sample;
    index m_outputs;
    buffer<T> m_x, m_y;
};

} // namespace detail
} // namespace strata
