import Files
import Foundation
import ScoreModel
import Testing

@testable import Surprisal

struct TrainingTests {
  @Test("Training learns what discs are")
  func learns() throws {
    let bits = try Discs.trained.get().bits
    // Knowing nothing costs 8 bits; a disc on black must cost far less once learned.
    #expect(try #require(bits.last) < 4)
    #expect(bits.count == 2 && bits[1] < bits[0])
  }

  @Test("Images held out are what references are of, and the model says how many")
  func heldOut() throws {
    let model = try Discs.model()
    // Two in five of 400, less some discs of one in a hundred that chance makes look alike.
    #expect((236...240).contains(model.facts.trainingImages))
    #expect((156...160).contains(model.facts.validationImages))
    #expect(model.calibrations[0].referenceCount == model.facts.validationImages)
  }

  /// Seconds that pass by one with each look at the clock: however fast the machine is, the same.
  static func clock() -> () -> Double {
    var seconds = 0.0
    return {
      seconds += 1
      return seconds
    }
  }

  /// The model of a training that is stopped and gone on with after each of these steps.
  static func model(
    _ training: Training, stoppingAfter stops: [Int], images: String
  ) throws -> Data {
    let path = try #require(training.checkpoint)
    var training = training
    for stop in stops {
      training.clock = clock()
      var step = training.resume?.state.step ?? 0
      let stopped = try training.run(
        training.resume == nil ? [images] : [], compute: Discs.compute,
        shouldStop: {
          step += 1
          return step == stop
        }, report: { _ in })
      #expect(stopped == nil)
      training = Training(resuming: try Checkpoint(path: path))
      training.checkpoint = path
      #expect(training.resume?.state.step == stop)
      #expect(training.resume?.run?.secondsSpent == Double(stop))
    }
    training.clock = clock()
    let model = try training.run(training.resume == nil ? [images] : [], compute: Discs.compute) { _ in }
    return try #require(model).file().encoded()
  }

  @Test("A run stopped twice and gone on with, by its checkpoint alone, ends in the same model, to the byte")
  func resumeSteps() throws {
    try Discs.withFolder { folder in
      let training = try Discs.training(folder, steps: 8)
      let whole = try Self.model(training, stoppingAfter: [], images: folder)
      let last = try Checkpoint(path: "\(folder)/x.checkpoint").file().encoded()
      #expect(try Self.model(training, stoppingAfter: [3, 5], images: folder) == whole)
      // Time spent among it.
      #expect(try Checkpoint(path: "\(folder)/x.checkpoint").file().encoded() == last)
    }
  }

  @Test(
    "What a run began from is in its checkpoint: gone on with, it says the same of it and ends in the same model"
  )
  func resumeStart() throws {
    try Discs.withFolder { folder in
      var training = try Discs.training(folder, steps: 4)
      training.start = try Discs.model()
      (training.eyes, training.budget, training.validationShare) = (.none, .fixed(4), 0.1)
      let whole = try Self.model(training, stoppingAfter: [], images: folder)
      let kept = try Checkpoint(path: "\(folder)/x.checkpoint")
      #expect(kept.start?.count == kept.state.values.count)
      #expect(try Self.model(training, stoppingAfter: [2], images: folder) == whole)
      var (looks, gains) = (0, 0)
      var resumed = Training(resuming: try Checkpoint(path: "\(folder)/x.checkpoint"))
      resumed.clock = Self.clock()
      _ = try resumed.run([], compute: Discs.compute) { event in
        if case .triedLook = event { looks += 1 }
        if case .gained = event { gains += 1 }
      }
      #expect(looks == 1 && gains == 1)
    }
  }

  @Test(
    "Gray images make a network of gray ones where channels are chosen, however they are written: the same as one told to, and gone on with",
    arguments: [true, false])
  func channels(isGray: Bool) throws {
    try Discs.withFolder { folder in
      var training = try Discs.training(folder, steps: 4)
      (training.eyes, training.budget) = (.none, .fixed(4))
      let told = try Self.model(training, stoppingAfter: [], images: folder)
      let colours = ImageShape(height: 16, width: 16, channels: 3)
      let path = "\(folder)/1000.png"
      // As PNG of three colours; in the other case one pixel of one image has a hue.
      var written = try ImageReading().image(at: FilePath(path), as: colours)
      if !isGray { written.pixels[0] ^= 1 }
      try Discs.write(written, to: path)
      (training.shape, training.takesFewestChannels) = (colours, true)
      let model = try Self.model(training, stoppingAfter: [2], images: folder)
      #expect((model == told) == isGray)
      let read = try Model(try SafeTensors(bytes: model, path: "x"), path: "x")
      #expect(read.shape.channels == (isGray ? 1 : 3))
    }
  }

  @Test("A run of so many minutes goes on for what remains of them, to the same model")
  func resumeMinutes() throws {
    try Discs.withFolder { folder in
      var training = try Discs.training(folder, steps: 1)
      // Ten steps between two looks at the clock: a tenth of a second each.
      training.minutes = 0.75 / 60
      training.eyes = .none
      let whole = try Self.model(training, stoppingAfter: [], images: folder)
      // Six, and a tenth of their time for validations.
      #expect(try Checkpoint(path: "\(folder)/x.checkpoint").options.steps == 6)
      #expect(try Self.model(training, stoppingAfter: [4], images: folder) == whole)
    }
  }

  /// A folder of discs and a checkpoint of a training on them.
  static func checkpoint(in folder: String) throws -> Checkpoint {
    let training = try Discs.training(folder, steps: 8)
    _ = try training.run([folder], compute: Discs.compute, shouldStop: { true }, report: { _ in })
    return try Checkpoint(path: "\(folder)/x.checkpoint")
  }

  @Test("A checkpoint's settings are taken, and each that contradicts them is refused with both values")
  func contradictions() throws {
    try Discs.withFolder { folder in
      let checkpoint = try Self.checkpoint(in: folder)
      let same = Training(resuming: checkpoint)
      try same.validate()
      #expect(same.shape == Discs.shape && same.preset == .tiny && same.validationShare == 0.4)
      let changes: [(String, String, String, (inout Training) -> Void)] = [
        ("size", "16x16", "32x32", { $0.shape = ImageShape(height: 32, width: 32, channels: 1) }),
        ("channels", "gray", "rgb", { $0.shape = ImageShape(height: 16, width: 16, channels: 3) }),
        ("preset", "tiny", "base", { $0.preset = .base }), ("steps", "8", "9", { $0.options.steps = 9 }),
        ("minutes", "none", "3.0", { $0.minutes = 3 }), ("batch", "32", "2", { $0.options.batch = 2 }),
        ("learning rate", "0.002", "0.001", { $0.options.learningRate = 0.001 }),
        ("flips", "false", "true", { $0.options.flips = true }), ("seed", "1", "2", { $0.options.seed = 2 }),
        ("precision", "f32", "f32-direct", { $0.options.precision = .direct }),
        ("validation share", "0.4", "0.5", { $0.validationShare = 0.5 }),
        ("held-out images", "none", "some", { $0.heldOut = [FilePath("x")] }),
        ("evaluations", "16", "auto", { $0.budget = .auto }),
        ("patience", "5", "none", { $0.patience = nil }), ("eyes", "auto", "none", { $0.eyes = .none }),
        ("damage", "auto", "9", { $0.damage = .steps(9) }),
        ("levels", "3", "2", { $0.levels = 2 }), ("attention", "0", "1", { $0.attention = 1 }),
      ]
      for (option, kept, given, change) in changes {
        var training = same
        change(&training)
        let error = #expect(throws: SurprisalError.self, "\(option)") { try training.run([folder]) { _ in } }
        guard case .contradictsCheckpoint(let name, let known, let found) = error else {
          Issue.record("\(option): \(error.map { "\($0)" } ?? "")")
          continue
        }
        #expect(name == option && known == kept && found == given, "\(name) \(known) \(found)")
      }
    }
  }

  @Test(
    "A network with attention and a further level trains, goes on, is kept, and is what others start from")
  func attention() throws {
    try Discs.withFolder { folder in
      var training = try Discs.training(folder, steps: 3)
      training.levels = 2
      training.attention = 1
      let whole = try Self.model(training, stoppingAfter: [], images: folder)
      #expect(try Self.model(training, stoppingAfter: [2], images: folder) == whole)
      let path = "\(folder)/x.safetensors"
      try whole.write(to: URL(fileURLWithPath: path))
      let model = try Model(path: path)
      #expect(model.architecture == training.architecture && model.architecture.attention == 1)

      var next = try Discs.training(folder, steps: 1)
      next.checkpoint = nil
      next.start = model
      next.levels = 3
      let error = #expect(throws: SurprisalError.self) {
        try next.run([folder], compute: Discs.compute) { _ in }
      }
      #expect(error?.description.contains("2 levels, 1 head of attention") == true)
      next.levels = nil
      let trained = try next.run([folder], compute: Discs.compute) { _ in }
      #expect(trained?.architecture == model.architecture)
    }
  }

  @Test("Other images than the checkpoint's are refused, the same ones by other names are not")
  func otherImages() throws {
    try Discs.withFolder { folder in
      let training = Training(resuming: try Self.checkpoint(in: folder))
      try Discs.withFolder { moved in
        try FileManager.default.moveItem(atPath: folder, toPath: "\(moved)/images")
        defer { try? FileManager.default.moveItem(atPath: "\(moved)/images", toPath: folder) }
        let stopped = try training.run(
          ["\(moved)/images"], compute: Discs.compute, shouldStop: { true }, report: { _ in })
        #expect(stopped == nil)
      }
      try Discs.write(Discs.checks, to: "\(folder)/1000.png")
      let error = #expect(throws: SurprisalError.self) {
        try training.run([], compute: Discs.compute) { _ in }
      }
      guard case .contradictsCheckpoint = error else {
        Issue.record("\(error.map { "\($0)" } ?? "")")
        return
      }
      #expect(error?.description.contains("240 images") == true || error?.description.contains("160") == true)
    }
  }

  @Test(
    "A run that diverges stops, says so, and leaves the last good checkpoint as it was",
    arguments: [1e4, 1e30])
  func divergence(factor: Float) throws {
    try Discs.withFolder { folder in
      let good = try Self.checkpoint(in: folder)
      let path = "\(folder)/x.checkpoint"
      let kept = try Data(contentsOf: URL(fileURLWithPath: path))
      var state = good.state
      state.values = state.values.map { $0 * factor }
      let spoiled = Checkpoint(
        architecture: good.architecture, preconditioning: good.preconditioning, options: good.options,
        state: state, run: good.run)
      var training = Training(resuming: spoiled)
      training.checkpoint = path
      let error = #expect(throws: SurprisalError.self) { try training.run(compute: Discs.compute) { _ in } }
      guard case .diverged(let step, let loss, _) = error else {
        Issue.record("\(error.map { "\($0)" } ?? "")")
        return
      }
      #expect(step > 1 && !(loss < 4))
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == kept)
    }
  }

  static let unworkable: [(String, @Sendable (inout Training) -> Void)] = [
    ("learning rate", { $0.options.learningRate = .nan }), ("batch", { $0.options.batch = 0 }),
    ("validation share", { $0.validationShare = 0 }), ("validation share", { $0.validationShare = .nan }),
    ("validation share", { $0.validationShare = 1 }), ("minutes", { $0.minutes = 0 }),
    ("minutes", { $0.minutes = .infinity }), ("minutes", { $0.minutes = .nan }),
    ("minutes", { $0.minutes = 1e9 }), ("validations", { $0.validations = 0 }),
    ("patience", { $0.patience = 0 }), ("evaluations", { $0.budget = .fixed(0) }),
    ("evaluations", { $0.budget = .fixed(5000) }),
  ]

  @Test(
    "Settings that cannot work are refused by name, before an image is read",
    arguments: unworkable)
  func unsuitable(name: String, spoil: @Sendable (inout Training) -> Void) throws {
    var training = Training(shape: Discs.shape)
    try training.validate()
    spoil(&training)
    let error = #expect(throws: SurprisalError.self) { try training.run(["/no/such"]) { _ in } }
    guard case .unsuitableOption(let reason) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "")")
      return
    }
    #expect(reason.hasPrefix("\(name) "), "\(reason)")
  }

  @Test("Copies never straddle: what one held out shows is not trained on, and counts once")
  func copies() throws {
    try Discs.withFolder { folder in
      let discs = Discs.discs(60, seed: 8)
      for index in discs.indices {
        for copy in 0..<3 { try Discs.write(discs[index], to: "\(folder)/\(copy)-\(100 + index).png") }
      }
      func train(_ change: (inout Training) -> Void) throws -> (model: Model, exact: Int, leftOut: Int) {
        var training = Training(shape: Discs.shape)
        training.preset = .tiny
        training.options.steps = 1
        training.options.precision = .float32
        training.validations = 1
        change(&training)
        var (exact, leftOut) = (0, 0)
        let model = try training.run([folder], compute: Discs.compute) { event in
          if case .copies(let found, _, let left) = event { (exact, leftOut) = (found, left) }
        }
        return (try #require(model), exact, leftOut)
      }
      func hashes(_ model: Model, _ part: LearnedImages.Part) -> Set<UInt32> {
        model.learned.hashes[part] ?? []
      }

      // A third of some 60, give or take a near copy by chance.
      let drawn = try train { _ in }
      #expect(drawn.exact == 120)
      #expect((18...20).contains(drawn.model.facts.validationImages))
      #expect(drawn.model.calibrations[0].referenceCount == drawn.model.facts.validationImages)
      #expect(hashes(drawn.model, .trained).isDisjoint(with: hashes(drawn.model, .calibrated)))
      #expect(drawn.leftOut >= 2 * drawn.model.facts.validationImages)

      // Held out by name, and among the images to train on as well.
      try FileManager.default.createDirectory(atPath: "\(folder)/val", withIntermediateDirectories: true)
      for index in 0..<20 { try Discs.write(discs[index], to: "\(folder)/val/\(index).png") }
      let named = try train { $0.heldOut = [FilePath("\(folder)/val")] }
      let held = Set((0..<20).map { LearnedImages.hash(discs.pixels(of: $0)) })
      #expect(hashes(named.model, .trained).isDisjoint(with: held))
      #expect(hashes(named.model, .calibrated).isSubset(of: held))
      #expect(named.model.facts.validationImages >= 18)
    }
  }

  @Test("Too few images and sizes that no network takes are refused with what would do")
  func refusals() throws {
    try Discs.withFolder { folder in
      for index in 0..<4 { try Discs.write(Discs.checks, to: "\(folder)/\(index).png") }
      let few = #expect(throws: SurprisalError.self) {
        try Training(shape: Discs.shape).run([folder], compute: Discs.compute) { _ in }
      }
      #expect(few?.description.contains("at least 9") == true)
      let odd = #expect(throws: SurprisalError.self) {
        try Training(shape: .init(height: 17, width: 16, channels: 1)).run([folder]) { _ in }
      }
      #expect(odd?.description.contains("16x17") == true)
      // None is no gray one.
      var colours = Training(shape: .init(height: 16, width: 16, channels: 3))
      colours.takesFewestChannels = true
      let none = #expect(throws: SurprisalError.self) {
        try colours.run([FilePath("\(folder)/empty")]) { event in
          if case .tookGray = event { Issue.record("no image, and told to be gray") }
        }
      }
      #expect(none?.description.contains("0 readable") == true)
    }
  }
}
