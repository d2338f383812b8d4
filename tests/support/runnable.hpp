#pragma once

#include <strata/core/random.hpp>
#include <strata/network/network.hpp>

#include <span>

namespace strata::testing {

/// A network behind virtual functions: what tests do with networks then compiles once, not for every type of
/// network. Refers to the network.
template <class T> class runnable {
public:
    index input_size, output_size;
    std::span<const parameter_entry> parameters;
    std::span<T> values, gradients, state;

    virtual ~runnable() = default;
    virtual void forward(const T* x, T* y, index batch, workspace& room) const = 0;
    virtual void forward_training(const T* x, T* y, index batch, workspace& room,
                                  const random_source& random) = 0;
    /// dx null: without an input gradient
    virtual void backward(const T* x, const T* y, const T* dy, T* dx, index batch, workspace& room,
                          const random_source& random) = 0;
    /// bytes that one run needs
    virtual index memory(const extent& e) const = 0;
    virtual index scratch(const extent& e) const = 0;

protected:
    template <class Network>
    explicit runnable(Network& net)
        : input_size(Network::input_size),
          output_size(Network::output_size),
          parameters(Network::parameter_table),
          values(net.values()),
          gradients(net.gradients()),
          state(net.state()) {}
};

template <class Network> class running final : public runnable<typename Network::value_type> {
    using T = typename Network::value_type;

public:
    explicit running(Network& net) : runnable<T>(net), m_net(net) {}

    void forward(const T* x, T* y, index batch, workspace& room) const override {
        m_net.forward(x, y, batch, room);
    }
    void forward_training(const T* x, T* y, index batch, workspace& room,
                          const random_source& random) override {
        m_net.forward_training(x, y, batch, room, random);
    }
    void backward(const T* x, const T* y, const T* dy, T* dx, index batch, workspace& room,
                  const random_source& random) override {
        if (dx)
            m_net.backward(x, y, dy, dx, batch, room, random);
        else
            m_net.backward(x, y, dy, nullptr, batch, room, random);
    }
    index memory(const extent& e) const override { return Network::layers_type::memory(e); }
    index scratch(const extent& e) const override { return Network::layers_type::scratch(e); }

private:
    Network& m_net;
};

} // namespace strata::testing
