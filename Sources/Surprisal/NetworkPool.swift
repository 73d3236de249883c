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
  /// A model's network as one thread at a time may run it, whole and its way down alone, each made when first wanted.
  final class Member {
    private let model: Model
    private let precision: Precision
    private let engine: Engine
    private var whole: ScoreNetwork?
    private var down: ActivationNetwork?
    private var learned: Eyes?
    private var marking: DamageEyes?

    init(_ model: Model, precision: Precision, engine: Engine) {
      self.model = model
      self.precision = precision
      self.engine = engine
    }

    /// - Throws: `EngineError` when oneDNN cannot build the network.
    func denoiser() throws -> ScoreNetwork {
      if let whole { return whole }
      let made = try model.denoiser(engine: engine, precision: precision)
      whole = made
      return made
    }

    /// - Throws: `EngineError` when oneDNN cannot build the network.
    func encoder() throws -> ActivationNetwork {
      if let down { return down }
      let made = try ActivationNetwork(
        Network(model.architecture), weights: model.looking ?? model.weights,
        preconditioning: model.preconditioning, engine: engine, precision: precision)
      down = made
      return made
    }

    /// Nil where the model learned none.
    /// - Throws: `EngineError` when oneDNN cannot build the network.
    func eyes() throws -> Eyes? {
      guard learned == nil, let weights = model.eyes else { return learned }
      learned = try Eyes(
        model.eyeNetwork, weights: weights, preconditioning: model.preconditioning, engine: engine,
        precision: precision)
      return learned
    }

    /// Nil where the model learned to mark no damage.
    /// - Throws: `EngineError` when oneDNN cannot build the network.
    func damageEyes() throws -> DamageEyes? {
      guard marking == nil, let weights = model.damageEyes else { return marking }
      marking = try DamageEyes(
        model.damageNetwork, weights: weights, preconditioning: model.preconditioning, engine: engine,
        precision: precision)
      return marking
    }
  }

  /// A member for a thread that is not known yet.
  private final class Single: Sendable {
    private let member = Mutex<Member?>(nil)

    func run<Element: Sendable>(
      _ model: Model, precision: Precision, _ body: (Member) throws -> [Element]
    ) throws -> [Element] {
      Engine.threads = 1
      return try member.withLock { member in
        let ready = try member ?? Member(model, precision: precision, engine: try Engine())
        member = ready
        return try body(ready)
      }
    }
  }

  let model: Model
  let precision: Precision
  let threads: Int
  private let engine: Engine
  private var team: Member?
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
  /// - Parameter body: given a range and networks that are its alone meanwhile.
  /// - Throws: what `body` throws, of the first range that threw; `EngineError` when oneDNN cannot build the network.
  func map<Element: Sendable>(
    _ count: Int, _ body: @Sendable (Range<Int>, Member) throws -> [Element]
  ) throws -> [Element] {
    guard count > 0 else { return [] }
    guard threads > 1, count >= threads else {
      let member = team ?? Member(model, precision: precision, engine: engine)
      team = member
      return try body(0..<count, member)
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
    return try pool.map(noisy.count / d) { images, networks in
      try networks.denoiser().denoise(
        Array(noisy[images.lowerBound * d..<images.upperBound * d]), sigma: sigma)
    }
  }
}
