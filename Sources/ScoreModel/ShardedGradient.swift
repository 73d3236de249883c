import Dispatch
import Foundation
import Images
import Synchronization
import Tensors

/// What one row of a batch is made of.
struct TrainingRow: Sendable {
  /// Which training image.
  let image: Int
  let isFlipped: Bool
  let sigma: Float
  let noise: RandomSource
}

/// What computes the gradient of some rows of a batch, with gradients of its own.
protocol ShardWorker: AnyObject, Sendable {
  associatedtype Row: Sendable
  /// Its gradients are its own, its values those of the batch.
  var parameters: Parameters { get }
  /// Lays out the weights as they are now.
  func prepare() throws(EngineError)
  /// Computes the gradient of some rows' share of the mean loss.
  /// - Parameter rows: at most as many as it was made for; the others are left out.
  /// - Returns: their share.
  func run(_ rows: ArraySlice<Row>) throws(EngineError) -> Double
}

/// Rows of a shard, of all but the last. Fewer cost more in weights' gradients than they gain; a batch of 32 keeps four
/// threads busy.
private let rowsOfShard = 8

/// The gradient of a batch's mean loss, shard by shard.
///
/// A batch is cut into shards of a fixed number of rows; each is one thread's work, by a network of its own, and their
/// gradients are added in their order. Which thread takes which shard changes no bit, nor does the number of threads. No
/// thread waits within a network, and one that waits for its turn sleeps.
final class ShardedGradient<Worker: ShardWorker> {
  private let parameters: Parameters
  private let workers: [Worker]
  private let rows: Int
  private let threads: Int

  /// - Parameters:
  ///   - parameters: whose gradients are computed.
  ///   - worker: makes one, for so many rows, of parameters that share the values.
  /// - Throws: `EngineError`.
  init(
    parameters: Parameters, batch: Int, threads: Int,
    worker: (Parameters, _ rows: Int) throws(EngineError) -> Worker
  ) throws(EngineError) {
    self.parameters = parameters
    self.threads = threads
    rows = min(rowsOfShard, batch)
    let shards = (batch + rows - 1) / rows
    // Primitives are made for the threads of the thread that makes them.
    Engine.threads = 1
    defer { Engine.threads = threads }
    var workers: [Worker] = []
    for _ in 0..<min(threads, shards) {
      workers.append(try worker(Parameters(sharingValuesOf: parameters), rows))
    }
    self.workers = workers
  }

  /// Sets the gradients of `parameters`.
  /// - Returns: the mean loss of the rows.
  func compute(_ all: [Worker.Row]) throws(EngineError) -> Float {
    let pass = Pass<Worker>(
      shards: stride(from: 0, to: all.count, by: rows).map { all[$0..<min($0 + rows, all.count)] },
      total: parameters)
    // The calling thread takes part and must have its team back.
    defer { Engine.threads = threads }
    DispatchQueue.concurrentPerform(iterations: workers.count) { [workers] index in
      Engine.threads = 1
      pass.work(workers[index])
    }
    return try pass.result()
  }

  /// Calls with a worker whose primitives run on one thread.
  func withWorker<Result>(_ body: (Worker) throws -> Result) rethrows -> Result {
    Engine.threads = 1
    defer { Engine.threads = threads }
    return try body(workers[0])
  }
}

/// One batch on its way through the shards.
///
/// Unchecked: `total` is touched in turns alone.
private final class Pass<Worker: ShardWorker>: @unchecked Sendable {
  private let shards: [ArraySlice<Worker.Row>]
  private let total: Parameters
  private let next = Atomic<Int>(0)
  private let losses: Mutex<[Double]>
  private let failure = Mutex<EngineError?>(nil)
  /// The shard whose gradient is to be added next; guarded by `turned`.
  private var turn = 0
  private let turned = NSCondition()

  init(shards: [ArraySlice<Worker.Row>], total: Parameters) {
    self.shards = shards
    self.total = total
    losses = Mutex([Double](repeating: 0, count: shards.count))
  }

  /// Takes shards while there are any.
  func work(_ network: Worker) {
    var isPrepared = false
    while true {
      let shard = next.add(1, ordering: .relaxed).oldValue
      guard shard < shards.count else { return }
      do throws(EngineError) {
        if !isPrepared { try network.prepare() }
        isPrepared = true
        let loss = try network.run(shards[shard])
        losses.withLock { $0[shard] = loss }
      } catch { failure.withLock { $0 = error } }
      // Shards are taken in their order, so that the one before is at work or done.
      turned.lock()
      while turn != shard { turned.wait() }
      turned.unlock()
      network.parameters.addGradients(to: total, isFirst: shard == 0)
      turned.lock()
      turn += 1
      turned.broadcast()
      turned.unlock()
    }
  }

  func result() throws(EngineError) -> Float {
    if let failure = failure.withLock({ $0 }) { throw failure }
    return Float(losses.withLock { $0 }.reduce(0, +))
  }
}

/// A network that trains on one shard after another.
///
/// Unchecked: one thread at a time has it (`ShardedGradient.compute` hands each to one thread).
final class ShardNetwork: ShardWorker, @unchecked Sendable {
  let parameters: Parameters
  private let network: Network
  private let preconditioning: Preconditioning
  private let images: ImageBatch
  private let graph: Graph
  private let x: Graph.Value
  private let features: Graph.Value
  private let f: Graph.Value
  /// Of the graph.
  private let rows: Int
  /// Of the batch, which the loss is the mean over.
  private let batch: Int
  /// The shard's images, without and with noise, `[rows, d]`.
  private var clean: [Float]
  private var noisy: [Float]

  init(
    _ network: Network, parameters: Parameters, images: ImageBatch, rows: Int, of batch: Int,
    precision: Precision, preconditioning: Preconditioning
  ) throws(EngineError) {
    self.network = network
    self.parameters = parameters
    self.images = images
    self.rows = rows
    self.batch = batch
    self.preconditioning = preconditioning
    let shape = network.architecture.shape
    graph = Graph(
      engine: try Engine(), mode: .training, parameters: parameters, usesWinograd: precision != .direct)
    x = try graph.input([rows, shape.height, shape.width, network.inputChannels])
    features = try graph.input([rows, 2 * network.architecture.frequencies])
    f = try network.build(in: graph, x: x, features: features, precision: precision)
    graph.output(f)
    try graph.differentiate(f)
    try graph.compile()
    clean = [Float](repeating: 0, count: rows * shape.count)
    noisy = clean
  }

  func prepare() throws(EngineError) { try graph.prepare() }

  func run(_ some: ArraySlice<TrainingRow>) throws(EngineError) -> Double {
    graph.write(some.flatMap { network.levelFeatures($0.sigma) }, to: features)
    fillInput(some)
    try graph.forward()
    let loss = differentiateLoss(some)
    try graph.backward()
    return loss
  }

  func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try graph.profile(rounds: rounds)
  }

  /// Sets `clean` and `noisy`, and encodes these for the network.
  private func fillInput(_ some: ArraySlice<TrainingRow>) {
    let shape = network.architecture.shape
    let d = shape.count
    graph.withFloats(of: x) { target in
      clean.withUnsafeMutableBufferPointer { clean in
        noisy.withUnsafeMutableBufferPointer { noisy in
          for (row, source) in some.enumerated() {
            let own = row * d..<(row + 1) * d
            let (y, z) = (
              UnsafeMutableBufferPointer(rebasing: clean[own]),
              UnsafeMutableBufferPointer(rebasing: noisy[own])
            )
            load(source, into: y)
            var noise = source.noise
            noise.fillNormal(z)
            for i in 0..<d { z[i] = y[i] + source.sigma * z[i] }
            // In bounds: each row is d values of noisy and 3 d of the input.
            preconditioning.encode(
              z.baseAddress!, pixels: shape.height * shape.width, channels: shape.channels,
              sigma: source.sigma, into: target.baseAddress! + row * 3 * d)
          }
        }
      }
    }
  }

  /// Writes the loss's gradient with respect to F and returns the loss.
  private func differentiateLoss(_ some: ArraySlice<TrainingRow>) -> Double {
    let d = network.architecture.shape.count
    var loss = 0.0
    graph.withFloats(of: f) { f in
      _ = graph.withGradient(of: self.f) { gradient in
        for (row, source) in some.enumerated() {
          let sigma = source.sigma
          let out = preconditioning.coefficients(sigma).out
          let weight = 1 / (out * out * Float(d * batch))
          for i in row * d..<(row + 1) * d {
            let (value, slope) = preconditioning.decode(f[i], noisy: noisy[i], sigma: sigma)
            let error = value - clean[i]
            loss += Double(weight * error * error)
            gradient[i] = 2 * weight * error * slope
          }
        }
        // Rows left out.
        for i in some.count * d..<rows * d { gradient[i] = 0 }
      }
    }
    return loss
  }

  /// Copies a row's training image, scaled to -1...1.
  private func load(_ row: TrainingRow, into clean: UnsafeMutableBufferPointer<Float>) {
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

extension Parameters {
  /// Adds the gradient to that of `total`, or sets it.
  fileprivate func addGradients(to total: Parameters, isFirst: Bool) {
    withGradients { own in
      total.withGradients { sum in
        guard !isFirst, let from = UnsafeRawPointer(own.baseAddress),
          let to = UnsafeMutableRawPointer(sum.baseAddress)
        else {
          _ = sum.update(from: own)
          return
        }
        // In bounds: tensors are padded to 16 values.
        for offset in stride(from: 0, to: sum.count * 4, by: 64) {
          let value = to.load(fromByteOffset: offset, as: SIMD16<Float>.self)
          to.storeBytes(
            of: value + from.load(fromByteOffset: offset, as: SIMD16<Float>.self), toByteOffset: offset,
            as: SIMD16<Float>.self)
        }
      }
    }
  }
}
