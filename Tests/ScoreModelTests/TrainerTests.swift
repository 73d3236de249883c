import Images
import Tensors
import Testing

@testable import ScoreModel

struct TrainerTests {
  static let shape = ImageShape(height: 16, width: 16, channels: 1)

  static func trainer(_ rate: Float, decay: Float = 0.01, state: TrainingState? = nil) throws -> Trainer {
    var random = RandomSource(seed: 2)
    let pixels = (0..<4 * shape.count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 60) }
    let images = ImageBatch(shape: shape, pixels: pixels)
    var options = TrainingOptions()
    options.batch = 2
    options.steps = 100
    options.learningRate = rate
    options.weightDecay = decay
    options.precision = .float32
    return try Trainer(
      Network(Architecture(shape: shape, preset: .tiny, levels: 2)), images: images, options: options,
      preconditioning: Preconditioning(images: images), engine: try Engine(threads: 1), resuming: state)
  }

  @Test("A learning rate that works is never taken for a run that diverges, and one that cannot work is")
  func divergence() throws {
    let good = try Self.trainer(0.0015)
    let bad = try Self.trainer(10)
    for _ in 0..<100 {
      _ = try good.advance()
      #expect(!good.hasDiverged)
      if !bad.hasDiverged { _ = try bad.advance() }
    }
    #expect(bad.hasDiverged)
    #expect(good.smoothedLoss < TrainingState.startingLoss)
  }

  @Test("Weights that overflow are told at the first step, and left as they are")
  func overflow() throws {
    var state = try Self.trainer(0.001).state
    state.values = state.values.map { $0 * 1e30 }
    let trainer = try Self.trainer(0.001, state: state)
    #expect(try !trainer.advance().isFinite)
    #expect(trainer.hasDiverged)
    #expect(trainer.state.values == state.values)
  }

  @Test("The number of threads changes no bit of training", arguments: Precision.supported)
  func threads(precision: Precision) throws {
    var random = RandomSource(seed: 3)
    let images = ImageBatch(
      shape: Self.shape,
      pixels: (0..<9 * Self.shape.count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    var options = TrainingOptions()
    // Shards of 8, 8 and 4 rows.
    options.batch = 20
    options.precision = precision
    let states = try [1, 2, 3, 7].map { threads in
      let trainer = try Trainer(
        Network(Architecture(shape: Self.shape, preset: .tiny, levels: 2)), images: images, options: options,
        preconditioning: Preconditioning(images: images), engine: try Engine(threads: threads))
      for _ in 0..<3 { #expect(try trainer.advance().isFinite) }
      #expect(Engine.threads == threads)
      return trainer.state
    }
    for state in states.dropFirst() {
      #expect(state.values == states[0].values && state.second == states[0].second)
      #expect(state.smoothedLoss == states[0].smoothedLoss)
    }
  }

  @Test("A graph that no machine holds is refused with what it needs, before memory is taken")
  func memory() throws {
    let shape = ImageShape(height: 128, width: 128, channels: 3)
    let network = Network(Architecture(shape: shape, preset: .base))
    let graph = Graph(
      engine: try Engine(threads: 1), mode: .training, parameters: Parameters(network.parameterSpecs))
    let x = try graph.input([4096, 128, 128, network.inputChannels])
    let features = try graph.input([4096, 2 * network.architecture.frequencies])
    let f = try network.build(in: graph, x: x, features: features, precision: .float32)
    graph.output(f)
    try graph.differentiate(f)
    let error = #expect(throws: EngineError.self) { try graph.compile() }
    guard case .outOfMemory(let needed, let available) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "nothing thrown")")
      return
    }
    // One activation at full resolution alone: images, pixels, channels, float32.
    #expect(needed > 4096 * 128 * 128 * 64 * 4 && needed > available)
  }

  @Test("A batch takes the memory of a shard a thread, however many images it has")
  func largeBatch() throws {
    let shape = ImageShape(height: 128, width: 128, channels: 3)
    var options = TrainingOptions()
    options.batch = 4096
    options.precision = .float32
    let images = ImageBatch(shape: shape, pixels: [UInt8](repeating: 7, count: shape.count))
    _ = try Trainer(
      Network(Architecture(shape: shape, preset: .base)), images: images, options: options,
      preconditioning: Preconditioning(images: images), engine: try Engine(threads: 1))
  }

  static let unsuitable: [(String, @Sendable (inout TrainingOptions) -> Void)] = [
    ("learning rate", { $0.learningRate = -1 }), ("learning rate", { $0.learningRate = 0 }),
    ("learning rate", { $0.learningRate = 10 }), ("learning rate", { $0.learningRate = .nan }),
    ("learning rate", { $0.learningRate = .infinity }), ("batch", { $0.batch = 0 }),
    ("batch", { $0.batch = 4097 }),
    ("steps", { $0.steps = 0 }), ("steps", { $0.steps = -1 }), ("steps", { $0.steps = .max }),
    ("warm-up", { $0.warmup = -1 }), ("weight decay", { $0.weightDecay = .nan }),
    ("averaging", { $0.averaging = 1.1 }), ("clip", { $0.clip = 0 }), ("clip", { $0.clip = .infinity }),
  ]

  @Test(
    "Options that cannot work are refused by name",
    arguments: unsuitable)
  func options(name: String, spoil: @Sendable (inout TrainingOptions) -> Void) {
    var options = TrainingOptions()
    #expect(options.refusal == nil)
    spoil(&options)
    #expect(options.refusal?.hasPrefix("\(name) ") == true, "\(options.refusal ?? "")")
  }

  @Test("The learning rate rises in a line to its peak, then falls as half a cosine to zero")
  func rate() {
    var options = TrainingOptions()
    options.steps = 1000
    options.warmup = 100
    options.learningRate = 0.01
    #expect(abs(options.rate(at: 0) - 1e-4) < 1e-9 && abs(options.rate(at: 99) - 0.01) < 1e-8)
    #expect(abs(options.rate(at: 100) - 0.01) < 1e-8 && abs(options.rate(at: 550) - 0.005) < 1e-8)
    #expect(options.rate(at: 999) < 1e-6)
    // However few steps: a tenth of them warm up.
    options.steps = 1
    #expect(options.rate(at: 0) == 0.01)
  }
}
