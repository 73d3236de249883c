import Dispatch
import ScoreModel
import Synchronization
import Tensors

/// A model's network, as often as there are threads to run it. Use from one thread at a time.
///
/// Images in number are shared out to single threads, each with a network of its own: no thread waits for another
/// between layers, and all else that an image needs runs beside. Fewer images than threads go to one network that all
/// threads run. An image's result is the same to the last bit either way, and whatever comes with it.
final class NetworkPool {
  /// A network that one thread at a time may run, made when first wanted.
  private final class Single: Sendable {
    private let network = Mutex<ScoreNetwork?>(nil)

    func run<Element: Sendable>(
      _ model: Model, precision: Precision, _ body: (ScoreNetwork) throws -> [Element]
    ) throws -> [Element] {
      Engine.threads = 1
      return try network.withLock { network in
        let ready = try network ?? model.denoiser(engine: try Engine(), precision: precision)
        network = ready
        return try body(ready)
      }
    }
  }

  let model: Model
  let precision: Precision
  let threads: Int
  private let engine: Engine
  private var team: ScoreNetwork?
  private let singles: [Single]

  /// - Parameter engine: its threads are the pool's.
  init(_ model: Model, precision: Precision, engine: Engine) {
    self.model = model
    self.precision = precision
    self.engine = engine
    threads = Engine.threads
    singles = (0..<threads).map { _ in Single() }
  }

  /// Runs `body` on all of `0..<count`, in ranges at once, and puts its results in order.
  ///
  /// - Parameter body: given a range and a network that is its alone meanwhile.
  /// - Throws: what `body` throws, of the first range that threw; `EngineError` when oneDNN cannot build the network.
  func map<Element: Sendable>(
    _ count: Int, _ body: @Sendable (Range<Int>, ScoreNetwork) throws -> [Element]
  ) throws -> [Element] {
    guard count > 0 else { return [] }
    guard threads > 1, count >= threads else {
      let network = try team ?? model.denoiser(engine: engine, precision: precision)
      team = network
      return try body(0..<count, network)
    }
    let parts = Mutex([Result<[Element], any Error>](repeating: .success([]), count: threads))
    // The calling thread takes part and must have its team back.
    defer { Engine.threads = threads }
    DispatchQueue.concurrentPerform(iterations: threads) { [model, precision, singles, threads] index in
      let range = count * index / threads..<count * (index + 1) / threads
      let part = Result { try singles[index].run(model, precision: precision) { try body(range, $0) } }
      parts.withLock { $0[index] = part }
    }
    return try parts.withLock { $0 }.flatMap { try $0.get() }
  }

  /// Time of each layer for one pass of `batch` images by all threads.
  func profile(batch: Int, rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try model.denoiser(engine: engine, precision: precision, batch: batch).profile(rounds: rounds)
  }
}

/// A pool as one denoiser, its images shared out.
struct PooledDenoiser: Denoiser {
  let pool: NetworkPool

  var valuesPerImage: Int { pool.model.shape.count }

  func denoise(_ noisy: [Float], sigma: Float) throws -> [Float] {
    let d = valuesPerImage
    return try pool.map(noisy.count / d) { images, network in
      try network.denoise(Array(noisy[images.lowerBound * d..<images.upperBound * d]), sigma: sigma)
    }
  }
}
