import Foundation
import Images
import Synchronization
import Tensors

/// Teaches a network to mark synthetic damage on images by place: the loss is the cross-entropy of the places' labels
/// (`Damage.hit`), the mean over places.
///
/// Damaged images are made in numbers and seen a few times each, mirrored otherwise. All randomness is a function of the seed and the
/// step. Use from one thread at a time.
package final class DamageTrainer {
  /// Images a step.
  package static let batch = 16

  package let network: DamageNetwork
  package let options: TrainingOptions
  package private(set) var step = 0
  /// Running mean of the loss, in nats a place, over some 20 steps.
  package private(set) var smoothedLoss: Float?
  private let images: ImageBatch
  private let kinds: [Damage]
  private var learner: Learner
  private let shards: ShardedGradient<DamageShard>
  private var pool: [DamagedImage] = []

  /// Steps that a pool is of, and how often each of its images is seen.
  private static let (stepsOfPool, uses) = (16, 3)

  /// How it is taught unless said otherwise.
  package static func options(steps: Int) -> TrainingOptions {
    var options = TrainingOptions()
    (options.batch, options.steps, options.learningRate, options.warmup) = (batch, steps, 0.003, 40)
    options.averaging = 0.995
    options.flips = true
    return options
  }

  /// - Parameters:
  ///   - images: at least one, of the network's shape.
  ///   - options: mirroring is left to right and upside down.
  /// - Throws: `EngineError` when oneDNN cannot build the network, or the machine lacks the memory for the batch.
  package init(
    _ network: DamageNetwork, images: ImageBatch, options: TrainingOptions,
    preconditioning: Preconditioning,
    kinds: [Damage] = Damage.allCases
  ) throws(EngineError) {
    self.network = network
    self.options = options
    self.images = images
    self.kinds = kinds
    learner = try Learner(network.parameterSpecs, seed: options.seed)
    let batch = options.batch
    let precision = options.precision
    shards = try ShardedGradient(parameters: learner.parameters, batch: batch, threads: Engine.threads) {
      own, rows throws(EngineError) in
      try DamageShard(
        network, parameters: own, rows: rows, of: batch, precision: precision,
        preconditioning: preconditioning)
    }
  }

  /// The averaged weights: what is used and kept.
  package var averaged: FrozenWeights { learner.averaged }

  /// One step of the optimiser.
  /// - Returns: the batch's mean loss; no number where a gradient is none, and the weights are then as they were.
  package func advance() throws(EngineError) -> Float {
    let loss = try shards.compute(drawRows())
    let averaging = min(options.averaging, Float(step + 1) / Float(step + 11))
    step += 1
    let isRegular = learner.update(step: step, rate: rate(at: step - 1), options, averaging: averaging)
    let known = isRegular ? loss : .nan
    smoothedLoss = smoothedLoss.map { $0 + (known - $0) / 20 } ?? known
    return known
  }

  /// Reached linearly over the warm-up; the square root of the share of steps that is left.
  private func rate(at step: Int) -> Float {
    let warm = min(Float(step + 1) / Float(max(min(options.warmup, options.steps / 10), 1)), 1)
    return options.learningRate * warm
      * max(1 - Float(step) / Float(max(options.steps, 1)), 0).squareRoot()
  }

  /// The rows of this step: the next images of the pool in an order of its own each time that it is gone through.
  private func drawRows() -> [DamagedImage] {
    let (turn, place) = step.quotientAndRemainder(dividingBy: Self.stepsOfPool)
    if place == 0, turn % Self.uses == 0 || pool.isEmpty { pool = damaged(turn / Self.uses) }
    var random = RandomSource(seed: options.seed, stream: 0x444D_4750 &+ UInt64(turn) << 32)
    if place == 0 { pool.shuffle(using: &random) }
    return (0..<options.batch).map { row in
      var image = pool[place * options.batch + row]
      var random = RandomSource(
        seed: options.seed, stream: 0x444D_4760 &+ UInt64(row) &+ UInt64(step) << 32)
      if options.flips {
        (image.isMirrored, image.isUpsideDown) = (
          Bool.random(using: &random), Bool.random(using: &random)
        )
      }
      return image
    }
  }

  private func damaged(_ number: Int) -> [DamagedImage] {
    let count = Self.stepsOfPool * options.batch
    let made = Mutex([DamagedImage?](repeating: nil, count: count))
    ThreadTeam.run(count) { [images, kinds, options] range in
      for index in range {
        var random = RandomSource(
          seed: options.seed, stream: 0x444D_4770_0000 &+ UInt64(index) &+ UInt64(number) << 32)
        func draw(_ random: inout RandomSource) -> [Plane] {
          var planes = images[Int.random(in: 0..<images.count, using: &random)].planes
          guard options.flips else { return planes }
          if Bool.random(using: &random) { planes = planes.map(\.mirrored) }
          if Bool.random(using: &random) { planes = planes.map(\.upsideDown) }
          return planes
        }
        let image = draw(&random)
        let hit = Damage.hit(image, kinds: kinds, random: &random, other: draw)
        let one = DamagedImage(image: Bitmap(hit.image), labels: hit.labels)
        made.withLock { $0[index] = one }
      }
    }
    return made.withLock { $0.compactMap { $0 } }
  }
}

/// An image with damage, and where it is.
struct DamagedImage: Sendable {
  let image: Bitmap
  /// A value a place, 0...1.
  let labels: Plane
  var isMirrored = false
  var isUpsideDown = false
}

/// A network that learns to mark damage on one shard after another.
///
/// Unchecked: one thread at a time has it (`ShardedGradient.compute` hands each to one thread).
final class DamageShard: ShardWorker, @unchecked Sendable {
  let parameters: Parameters
  private let network: DamageNetwork
  private let preconditioning: Preconditioning
  private let graph: Graph
  private let x: Graph.Value
  private let logits: Graph.Value
  /// Of the graph.
  private let rows: Int
  /// Of the batch, which the loss is the mean over.
  private let batch: Int

  init(
    _ network: DamageNetwork, parameters: Parameters, rows: Int, of batch: Int, precision: Precision,
    preconditioning: Preconditioning
  ) throws(EngineError) {
    self.network = network
    self.parameters = parameters
    self.rows = rows
    self.batch = batch
    self.preconditioning = preconditioning
    graph = Graph(
      engine: try Engine(), mode: .training, parameters: parameters, usesWinograd: precision != .direct)
    x = try graph.input([rows, network.shape.height, network.shape.width, network.inputChannels])
    logits = try network.build(in: graph, x: x, precision: precision).logits
    try graph.differentiate(logits)
    try graph.compile()
  }

  func prepare() throws(EngineError) { try graph.prepare() }

  func run(_ some: ArraySlice<DamagedImage>) throws(EngineError) -> Double {
    let size = network.shape.height * network.shape.width * network.inputChannels
    graph.withFloats(of: x) { target in
      for (row, source) in some.enumerated() {
        var image = source.image
        if source.isMirrored { image = image.upright(from: 2) }
        if source.isUpsideDown { image = image.upright(from: 4) }
        image.pixels.map { Float($0) / 127.5 - 1 }.withUnsafeBufferPointer {
          // In bounds: each row is an image's values, and as many of the input as the graph has a row.
          network.encode(
            $0.baseAddress!, preconditioning, into: target.baseAddress! + row * size)
        }
      }
    }
    try graph.forward()
    let loss = differentiateLoss(some)
    try graph.backward()
    return loss
  }

  /// Writes the loss's gradient with respect to the logits and returns the loss.
  private func differentiateLoss(_ some: ArraySlice<DamagedImage>) -> Double {
    let places = network.places.rows * network.places.columns
    let share = 1 / Float(places * batch)
    var loss = 0.0
    graph.withFloats(of: logits) { values in
      _ = graph.withGradient(of: logits) { gradient in
        for i in some.count * places..<rows * places { gradient[i] = 0 }
        for (row, source) in some.enumerated() {
          var labels = source.labels
          if source.isMirrored { labels = labels.mirrored }
          if source.isUpsideDown { labels = labels.upsideDown }
          for (k, label) in labels.values.enumerated() {
            let logit = values[row * places + k]
            loss += Double(share * (max(logit, 0) - logit * label + log1p(exp(-abs(logit)))))
            gradient[row * places + k] = share * (1 / (1 + exp(-logit)) - label)
          }
        }
      }
    }
    return loss
  }
}
