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
  private let shards: ShardedGradient<ShardNetwork>
  private var order: (epoch: Int, indices: [Int]) = (-1, [])

  /// - Parameters:
  ///   - images: at least one, of the architecture's shape.
  ///   - options: none that `refusal` refuses.
  ///   - start: weights to start from instead of random ones; the network's.
  ///   - state: where an earlier run stopped.
  /// - Throws: `EngineError` when oneDNN cannot build the network, the machine lacks the memory for the batch, or the state
  ///   does not fit the network.
  package init(
    _ network: Network, images: ImageBatch, options: TrainingOptions, preconditioning: Preconditioning,
    engine: Engine, startingFrom start: FrozenWeights? = nil, resuming state: TrainingState? = nil
  ) throws(EngineError) {
    self.network = network
    self.options = options
    self.preconditioning = preconditioning
    self.images = images
    count = images.count
    if let start {
      parameters = start.thawed
    } else {
      parameters = try network.startingParameters(seed: options.seed)
    }
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
    shards = try ShardedGradient(parameters: parameters, batch: options.batch, threads: Engine.threads) {
      own, rows throws(EngineError) in
      try ShardNetwork(
        network, parameters: own, images: images, rows: rows, of: options.batch, precision: options.precision,
        preconditioning: preconditioning)
    }
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
  package var averaged: FrozenWeights { weights(average) }

  /// The averaged parameters, as `Parameters` lays them out.
  package var average: [Float] { adam.average }

  /// - Parameter values: of this network, as `Parameters` lays them out.
  package func weights(_ values: [Float]) -> FrozenWeights { network.weights(values) }

  /// One step of the optimiser.
  /// - Returns: the batch's mean loss (1 is what predicting the mean image's noise-free value would give); no number where a
  ///   gradient is none, and the weights are then as they were.
  package func advance() throws(EngineError) -> Float {
    let rows = drawRows()
    let loss = try shards.compute(rows)
    let decayed = min(options.averaging, Float(step + 1) / Float(step + 10))
    step += 1
    let norm = adam.update(
      parameters, step: step, rate: options.rate(at: step - 1), decay: options.weightDecay,
      clip: options.clip, averaging: decayed)
    let known = norm.isFinite ? loss : .nan
    smoothedLoss += (known - smoothedLoss) / 20
    return known
  }

  /// Time of each layer's forward and backward steps for one shard on one thread, alone, and the oneDNN kernel that ran it.
  package func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try shards.withWorker { try $0.profile(rounds: rounds) }
  }

  /// The rows of this step: the next images of the epoch's permutation, and noise levels spread over their density.
  private func drawRows() -> [TrainingRow] {
    var random = RandomSource(seed: options.seed, stream: 0x5354_4550 &+ UInt64(step) << 32)
    return (0..<options.batch).map { row in
      let position = step * options.batch + row
      let epoch = position / count
      if order.epoch != epoch {
        var random = RandomSource(seed: options.seed, stream: 0x4550_4F43 &+ UInt64(epoch) << 32)
        order = (epoch, Array(0..<count).shuffled(using: &random))
      }
      let quantile = (Double(row) + random.uniform()) / Double(options.batch)
      return TrainingRow(
        image: order.indices[position % count], isFlipped: options.flips && random.next() & 1 == 1,
        sigma: Float(exp(NoiseLevelDensity.level(quantile))),
        noise: RandomSource(
          seed: options.seed, stream: 0x524F_5700 &+ UInt64(row) &+ UInt64(step) << 32))
    }
  }
}
