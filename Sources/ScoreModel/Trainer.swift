import Foundation
import Images
import Tensors

/// Where training puts its noise levels: uniform in ln sigma on each side of a knee, denser below it.
///
/// The integrand of the log-probability lives below the knee; above it the image is all but drowned, the integrand
/// small and the task easy, yet sampling starts there.
struct NoiseLevelDensity {
  static let lower = log(0.001)
  static let knee = log(1.5)
  static let upper = log(80.0)
  static let shareBelowKnee = 0.85

  /// ln sigma at a quantile in 0..<1.
  static func level(_ quantile: Double) -> Double {
    quantile < shareBelowKnee
      ? lower + quantile / shareBelowKnee * (knee - lower)
      : knee + (quantile - shareBelowKnee) / (1 - shareBelowKnee) * (upper - knee)
  }
}

/// Trains a network's parameters on 8-bit images.
///
/// The loss of an image at noise level sigma is `||y - yhat||^2 / (d c_out^2)`: the log-probability's integrand
/// `||y - yhat||^2 / sigma^2` times the weight `1 + sigma^2 / sigma_data^2`, which is near 1 where the integrand
/// has its mass and keeps the levels above it learning (the weight of Karras et al. 2022, equation 8).
///
/// All randomness is a function of the seed and the step, so a resumed run repeats an uninterrupted one exactly.
///
/// Use from one thread at a time.
package final class Trainer {
  package let network: Network
  package let options: TrainingOptions
  package let preconditioning: Preconditioning
  package private(set) var step = 0
  /// Running mean of the loss, over some 20 steps.
  package private(set) var smoothedLoss = TrainingState.startingLoss
  private let images: ImageBatch
  private let count: Int
  private let parameters: Parameters
  private var adam: Adam
  private let graph: Graph
  private let x: Graph.Value
  private let features: Graph.Value
  private let f: Graph.Value
  private var order: (epoch: Int, indices: [Int]) = (-1, [])
  /// The step's images, without and with noise, `[batch, d]`.
  private var clean: [Float]
  private var noisy: [Float]

  /// - Parameters:
  ///   - images: at least one, of the architecture's shape.
  ///   - options: none that `refusal` refuses.
  ///   - state: where an earlier run stopped.
  /// - Throws: `EngineError` when oneDNN cannot build the network, the machine lacks the memory for the batch, or the state
  ///   does not fit the network.
  package init(
    _ network: Network, images: ImageBatch, options: TrainingOptions, preconditioning: Preconditioning,
    engine: Engine, resuming state: TrainingState? = nil
  ) throws(EngineError) {
    self.network = network
    self.options = options
    self.preconditioning = preconditioning
    self.images = images
    let shape = network.architecture.shape
    count = images.count
    parameters = Parameters(network.parameterSpecs)
    parameters.initialise(seed: options.seed)
    adam = Adam(start: parameters.withValues { Array($0) })
    if let state {
      for part in [state.values, state.first, state.second, state.average]
      where part.count != parameters.count {
        throw .shapeMismatch(operation: "resume", expected: [parameters.count], found: [part.count])
      }
      parameters.withValues { _ = $0.update(from: state.values) }
      adam.first = state.first
      adam.second = state.second
      adam.average = state.average
      step = state.step
      smoothedLoss = state.smoothedLoss
    }
    graph = Graph(
      engine: engine, mode: .training, parameters: parameters, usesWinograd: options.precision != .direct)
    x = try graph.input([options.batch, shape.height, shape.width, network.inputChannels])
    features = try graph.input([options.batch, 2 * network.architecture.frequencies])
    f = try network.build(in: graph, x: x, features: features, precision: options.precision)
    graph.output(f)
    try graph.differentiate(f)
    try graph.compile()
    clean = [Float](repeating: 0, count: options.batch * shape.count)
    noisy = clean
  }

  package var state: TrainingState {
    TrainingState(
      step: step, values: parameters.withValues { Array($0) }, first: adam.first, second: adam.second,
      average: adam.average, smoothedLoss: smoothedLoss)
  }

  /// Whether the loss has left any hope behind: it is no number, or its running mean is four times the loss of a network
  /// that knows nothing, which training starts from.
  package var hasDiverged: Bool { !(smoothedLoss < 4 * TrainingState.startingLoss) }

  /// The averaged weights: what is evaluated and shipped.
  package var averaged: FrozenWeights {
    let copy = Parameters(network.parameterSpecs)
    copy.withValues { _ = $0.update(from: adam.average) }
    return FrozenWeights(copy)
  }

  /// One step of the optimiser.
  /// - Returns: the batch's mean loss (1 is what predicting the mean image's noise-free value would give); no number where a
  ///   gradient is none, and the weights are then as they were.
  package func advance() throws(EngineError) -> Float {
    let rows = drawRows()
    graph.write(rows.flatMap { network.levelFeatures($0.sigma) }, to: features)
    fillInput(rows)
    try graph.prepare()
    try graph.forward()
    let loss = differentiateLoss(rows)
    try graph.backward()
    let decayed = min(options.averaging, Float(step + 1) / Float(step + 10))
    step += 1
    let norm = adam.update(
      parameters, step: step, rate: options.rate(at: step - 1), decay: options.weightDecay,
      clip: options.clip, averaging: decayed)
    let known = norm.isFinite ? loss : .nan
    smoothedLoss += (known - smoothedLoss) / 20
    return known
  }

  /// Time of each layer's forward and backward steps, alone, and the oneDNN kernel that ran it.
  package func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try graph.profile(rounds: rounds)
  }

  /// What one row of a batch is made of.
  private struct Row {
    /// Which training image.
    let image: Int
    let isFlipped: Bool
    let sigma: Float
    let noise: RandomSource
  }

  /// The rows of this step: the next images of the epoch's permutation, and noise levels spread over their density.
  private func drawRows() -> [Row] {
    var random = RandomSource(seed: options.seed, stream: 0x5354_4550 &+ UInt64(step) << 32)
    return (0..<options.batch).map { row in
      let position = step * options.batch + row
      let epoch = position / count
      if order.epoch != epoch {
        var random = RandomSource(seed: options.seed, stream: 0x4550_4F43 &+ UInt64(epoch) << 32)
        order = (epoch, Array(0..<count).shuffled(using: &random))
      }
      let quantile = (Double(row) + random.uniform()) / Double(options.batch)
      return Row(
        image: order.indices[position % count], isFlipped: options.flips && random.next() & 1 == 1,
        sigma: Float(exp(NoiseLevelDensity.level(quantile))),
        noise: RandomSource(
          seed: options.seed, stream: 0x524F_5700 &+ UInt64(row) &+ UInt64(step) << 32))
    }
  }

  /// Sets `clean` and `noisy`, and encodes these for the network.
  private func fillInput(_ rows: [Row]) {
    let shape = network.architecture.shape
    let d = shape.count
    graph.withFloats(of: x) { target in
      clean.withUnsafeMutableBufferPointer { clean in
        noisy.withUnsafeMutableBufferPointer { noisy in
          ThreadTeam.run(rows.count) { range in
            for row in range {
              let own = row * d..<(row + 1) * d
              let (y, z) = (
                UnsafeMutableBufferPointer(rebasing: clean[own]),
                UnsafeMutableBufferPointer(rebasing: noisy[own])
              )
              load(rows[row], into: y)
              var noise = rows[row].noise
              noise.fillNormal(z)
              for i in 0..<d { z[i] = y[i] + rows[row].sigma * z[i] }
              // In bounds: each row is d values of noisy and 3 d of the input.
              preconditioning.encode(
                z.baseAddress!, pixels: shape.height * shape.width, channels: shape.channels,
                sigma: rows[row].sigma, into: target.baseAddress! + row * 3 * d)
            }
          }
        }
      }
    }
  }

  /// Writes the loss's gradient with respect to F and returns the loss.
  private func differentiateLoss(_ rows: [Row]) -> Float {
    let d = network.architecture.shape.count
    var losses = [Double](repeating: 0, count: rows.count)
    graph.withFloats(of: f) { f in
      _ = graph.withGradient(of: self.f) { gradient in
        losses.withUnsafeMutableBufferPointer { losses in
          ThreadTeam.run(rows.count) { range in
            for row in range {
              let sigma = rows[row].sigma
              let out = preconditioning.coefficients(sigma).out
              let weight = 1 / (out * out * Float(d * rows.count))
              for i in row * d..<(row + 1) * d {
                let (value, slope) = preconditioning.decode(f[i], noisy: noisy[i], sigma: sigma)
                let error = value - clean[i]
                losses[row] += Double(weight * error * error)
                gradient[i] = 2 * weight * error * slope
              }
            }
          }
        }
      }
    }
    return Float(losses.reduce(0, +))
  }

  /// Copies a row's training image, scaled to -1...1.
  private func load(_ row: Row, into clean: UnsafeMutableBufferPointer<Float>) {
    let shape = network.architecture.shape
    let image = images.pixels(of: row.image)
    let line = shape.width * shape.channels
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let source = image.startIndex + y * line + (row.isFlipped ? shape.width - 1 - x : x) * shape.channels
        for c in 0..<shape.channels {
          clean[y * line + x * shape.channels + c] = Float(image[source + c]) / 127.5 - 1
        }
      }
    }
  }
}
