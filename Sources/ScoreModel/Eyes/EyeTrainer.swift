import Foundation
import Images
import Tensors

/// Teaches eyes to tell images from altered ones: each image is altered in a way drawn at random, and the way is to be told; the loss is
/// minus the logarithm of its probability.
///
/// All randomness is a function of the seed and the step. Use from one thread at a time.
package final class EyeTrainer {
  package let network: EyeNetwork
  package let options: TrainingOptions
  package private(set) var step = 0
  /// Running mean of the loss, over some 20 steps: the logarithm of the number of alterations is what knowing nothing costs.
  package private(set) var smoothedLoss: Float
  private let count: Int
  private var learner: Learner
  private let shards: ShardedGradient<EyeShard>
  private var order: (epoch: Int, indices: [Int]) = (-1, [])

  /// - Parameters:
  ///   - images: at least one, of the architecture's shape.
  ///   - start: weights of a denoiser of the same architecture to start from; nil for random ones.
  /// - Throws: `EngineError` when oneDNN cannot build the network, or the machine lacks the memory for the batch.
  package init(
    _ network: EyeNetwork, images: ImageBatch, options: TrainingOptions, preconditioning: Preconditioning,
    startingFrom start: FrozenWeights? = nil
  ) throws(EngineError) {
    self.network = network
    self.options = options
    count = images.count
    smoothedLoss = log(Float(network.alterations.count))
    learner = try Learner(network.parameterSpecs, seed: options.seed, startingFrom: start)
    let batch = options.batch
    let precision = options.precision
    shards = try ShardedGradient(parameters: learner.parameters, batch: batch, threads: Engine.threads) {
      own, rows throws(EngineError) in
      try EyeShard(
        network, parameters: own, images: images, rows: rows, of: batch, precision: precision,
        preconditioning: preconditioning)
    }
  }

  /// The averaged weights: what is used and kept.
  package var averaged: FrozenWeights { learner.averaged }

  /// One step of the optimiser.
  /// - Returns: the batch's mean loss, in nats; no number where a gradient is none, and the weights are then as they were.
  package func advance() throws(EngineError) -> Float {
    let loss = try shards.compute(drawRows())
    let decayed = min(options.averaging, Float(step + 1) / Float(step + 10))
    step += 1
    let isRegular = learner.update(
      step: step, rate: options.rate(at: step - 1), options, averaging: decayed)
    let known = isRegular ? loss : .nan
    smoothedLoss += (known - smoothedLoss) / 20
    return known
  }

  /// The rows of this step: the next images of the epoch's permutation, alterations in turn.
  private func drawRows() -> [EyeRow] {
    (0..<options.batch).map { row in
      let position = step * options.batch + row
      let epoch = position / count
      if order.epoch != epoch {
        var random = RandomSource(seed: options.seed, stream: 0x4559_4550 &+ UInt64(epoch) << 32)
        order = (epoch, Array(0..<count).shuffled(using: &random))
      }
      return EyeRow(
        image: order.indices[position % count], isFlipped: options.flips,
        kind: row % network.alterations.count,
        random: RandomSource(
          seed: options.seed, stream: 0x4559_4500 &+ UInt64(row) &+ UInt64(step) << 32))
    }
  }
}

/// What one row of a batch is made of.
struct EyeRow: Sendable {
  /// Which training image.
  let image: Int
  /// Whether it may be mirrored left to right.
  let isFlipped: Bool
  /// Which of the network's alterations.
  let kind: Int
  let random: RandomSource
}

/// A network that learns to tell alterations on one shard after another.
///
/// Unchecked: one thread at a time has it (`ShardedGradient.compute` hands each to one thread).
final class EyeShard: ShardWorker, @unchecked Sendable {
  let parameters: Parameters
  private let network: EyeNetwork
  private let preconditioning: Preconditioning
  private let images: ImageBatch
  private let graph: Graph
  private let x: Graph.Value
  private let logits: Graph.Value
  /// Of the graph.
  private let rows: Int
  /// Of the batch, which the loss is the mean over.
  private let batch: Int

  init(
    _ network: EyeNetwork, parameters: Parameters, images: ImageBatch, rows: Int, of batch: Int,
    precision: Precision, preconditioning: Preconditioning
  ) throws(EngineError) {
    self.network = network
    self.parameters = parameters
    self.images = images
    self.rows = rows
    self.batch = batch
    self.preconditioning = preconditioning
    let architecture = network.network.architecture
    graph = Graph(
      engine: try Engine(), mode: .training, parameters: parameters, usesWinograd: precision != .direct)
    x = try graph.input([
      rows, architecture.shape.height, architecture.shape.width, network.network.inputChannels,
    ])
    let features = try graph.input([rows, 2 * architecture.frequencies])
    logits = try network.build(in: graph, x: x, features: features, precision: precision).logits
    graph.output(logits)
    try graph.differentiate(logits)
    try graph.compile()
    let level = network.network.levelFeatures(ActivationNetwork.sigma)
    graph.write((0..<rows).flatMap { _ in level }, to: features)
  }

  func prepare() throws(EngineError) { try graph.prepare() }

  func run(_ some: ArraySlice<EyeRow>) throws(EngineError) -> Double {
    fillInput(some)
    try graph.forward()
    let loss = differentiateLoss(some)
    try graph.backward()
    return loss
  }

  /// Images are moved before and after by up to a sixteenth of a side: an alteration is to be told by more than where it cuts.
  private func fillInput(_ some: ArraySlice<EyeRow>) {
    let shape = network.network.architecture.shape
    graph.withFloats(of: x) { target in
      for (row, source) in some.enumerated() {
        var random = source.random
        var image = images[source.image]
        if source.isFlipped, Bool.random(using: &random) { image = image.upright(from: 2) }
        let other = images[Int.random(in: 0..<images.count, using: &random)]
        image = moved(image, &random)
        image = network.alterations[source.kind](image, other: other, random: &random)
        image = moved(image, &random)
        let values = image.pixels.map { Float($0) / 127.5 - 1 }
        values.withUnsafeBufferPointer {
          // In bounds: each row is an image's values and three times as many of the input.
          preconditioning.encode(
            $0.baseAddress!, pixels: shape.height * shape.width, channels: shape.channels,
            sigma: ActivationNetwork.sigma, into: target.baseAddress! + row * 3 * shape.count)
        }
      }
    }
  }

  private func moved(_ image: Bitmap, _ random: inout RandomSource) -> Bitmap {
    let (rows, columns) = (image.height / 16, image.width / 16)
    return image.shifted(
      rows: Int.random(in: -rows...rows, using: &random),
      columns: Int.random(in: -columns...columns, using: &random))
  }

  /// Writes the loss's gradient with respect to the logits and returns the loss.
  private func differentiateLoss(_ some: ArraySlice<EyeRow>) -> Double {
    let kinds = network.alterations.count
    let places = logits.shape[1] * logits.shape[2]
    var loss = 0.0
    graph.withFloats(of: logits) { values in
      _ = graph.withGradient(of: logits) { gradient in
        for i in some.count * places * kinds..<rows * places * kinds { gradient[i] = 0 }
        for (row, source) in some.enumerated() {
          let own = row * places * kinds..<(row + 1) * places * kinds
          let logs = Eyes.logProbabilities(
            UnsafeMutableBufferPointer(rebasing: values[own]), kinds: kinds)
          loss -= Double(logs[source.kind]) / Double(batch)
          let slopes = logs.indices.map {
            (exp(logs[$0]) - ($0 == source.kind ? 1 : 0)) / Float(places * batch)
          }
          for (k, i) in own.enumerated() { gradient[i] = slopes[k % kinds] }
        }
      }
    }
    return loss
  }
}
