import Detection
import Foundation
import Images
import Reports
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

/// Real training, scoring and files, at the smallest size.
///
/// One at a time: each test's primitives use every core.
@Suite(.serialized)
struct EndToEndTests {
  static let shape = ImageShape(height: 16, width: 16, channels: 1)

  static func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    return path.path
  }

  /// Bright discs on black; `checks` are what does not belong.
  static func disc(_ random: inout RandomSource) -> Bitmap {
    let (cx, cy, r) = (4 + 8 * random.uniform(), 4 + 8 * random.uniform(), 2 + 3 * random.uniform())
    return Bitmap(
      width: 16, height: 16, channels: 1,
      pixels: (0..<256).map { i in
        let distance = (pow(Double(i % 16) - cx, 2) + pow(Double(i / 16) - cy, 2)).squareRoot()
        return UInt8(255 * min(max(r - distance + 0.5, 0), 1))
      })
  }

  static let checks = Bitmap(
    width: 16, height: 16, channels: 1, pixels: (0..<256).map { ($0 % 16 / 2 + $0 / 32) % 2 == 0 ? 40 : 200 })

  /// A folder of discs and a training of some steps on it.
  static func training(_ folder: String, steps: Int) throws -> Training {
    var random = RandomSource(seed: 6)
    for index in 0..<400 {
      try disc(&random).png().write(to: URL(fileURLWithPath: "\(folder)/\(1000 + index).png"))
    }
    var training = Training(shape: shape)
    training.preset = .tiny
    training.options.steps = steps
    training.options.precision = "f32"
    training.validationShare = 0.4
    training.checkpoint = "\(folder)/x.checkpoint"
    return training
  }

  @Test("Training learns, the file gives back the model, and a scan finds what does not belong")
  func trainSaveScan() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let engine = try Engine()
    var bits: [Double] = []
    let model = try #require(
      try Self.training(folder, steps: 120).run([folder], engine: engine) { event in
        if case .validated(_, let value, _) = event { bits.append(value) }
      })
    // Knowing nothing costs 8 bits; a disc on black must cost far less once learned.
    #expect(try #require(bits.last) < 4)
    #expect(try #require(bits.last) < (bits.first ?? 0) - 2)

    let path = "\(folder)/model.safetensors"
    try model.write(to: path)
    let loaded = try Model(path: path)
    #expect(loaded.weights == model.weights)
    #expect(loaded.calibrations[0].references[.profile]?.count == 160)

    let mixed = "\(folder)/mixed"
    try FileManager.default.createDirectory(atPath: mixed, withIntermediateDirectories: true)
    var random = RandomSource(seed: 77)
    for index in 0..<9 {
      try Self.disc(&random).png().write(to: URL(fileURLWithPath: "\(mixed)/\(index).png"))
    }
    try Self.checks.png().write(to: URL(fileURLWithPath: "\(mixed)/odd.png"))
    try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(mixed)/bad.png"))
    let judge = try Judge(loaded, budget: nil, statistic: .profile, rate: 0.01, engine: engine)
    var records: [Record] = []
    let summary = try Scan().run([mixed], by: judge) {
      records.append($0)
    }
    #expect(records.map(\.path).first == "\(mixed)/odd.png")
    #expect(records.first?.outlier == true)
    #expect(records.last?.path == "\(mixed)/bad.png")
    #expect(records.last?.error == "not an image of a known kind")
    #expect(summary.scored == 10 && summary.unreadable == 1)

    // A corner of checks on a disc, marked by a mask beside it, is where the bits are.
    let defects = "\(folder)/defects"
    try FileManager.default.createDirectory(atPath: defects, withIntermediateDirectories: true)
    for index in 0..<20 {
      var spoiled = Self.disc(&random)
      var mask = Bitmap(width: 16, height: 16, channels: 1, filledWith: 0)
      for i in 0..<36 {
        let at = i / 6 * 16 + i % 6
        spoiled.pixels[at] = Self.checks.pixels[at]
        mask.pixels[at] = 255
      }
      try spoiled.jpeg(quality: 95).write(to: URL(fileURLWithPath: "\(defects)/\(index).jpg"))
      try mask.png().write(to: URL(fileURLWithPath: "\(defects)/\(index).png"))
    }
    let calibration = try loaded.calibration(evaluations: 16)
    var evaluation = Evaluation(
      Scorer(loaded, evaluations: 16, engine: engine), calibration: calibration)
    evaluation.masks = [defects]
    let found = try evaluation.score(.init(name: "defects", paths: [defects]))
    #expect(found.count == 20 && found.masked == 20)
    #expect(try #require(found.pixels).auroc > 0.8)
    let sets = Evaluation.ImageSet.split([defects, "\(mixed)/odd.png", "\(mixed)/0.png"])
    #expect(sets.map(\.paths.count) == [1, 2])

    // Verdicts do not depend on the order or number of images, with any budget.
    var adaptive = loaded
    let discs = ImageBatch(shape: Self.shape, images: (0..<48).map { _ in Self.disc(&random) })
    try adaptive.calibrate(on: discs, budget: .auto, engine: engine)
    try adaptive.write(to: path)
    #expect(try Model(path: path).adaptive == adaptive.adaptive)
    for budget in [EvaluationBudget.auto, .fixed(16)] {
      let judge = try Judge(adaptive, budget: budget, statistic: .profile, rate: 0.05, engine: engine)
      let together = try judge.verdicts(on: discs).map(\.pValue)
      var alone: [Double] = []
      for index in stride(from: 47, through: 0, by: -1) {
        alone.append(try judge.verdicts(on: discs[index..<index + 1])[0].pValue)
      }
      alone.reverse()
      #expect(together == alone)
    }

    // Samples of so short a training score unlike real images: refused with figures, or taken as what they are.
    var generated = adaptive
    func sampled(insists: Bool) throws {
      _ = try generated.calibrate(
        onSamples: 40, noise: 1, steps: 8, seed: 1, evaluations: 16, insists: insists, engine: engine)
    }
    #expect(throws: UsageError.self) { try sampled(insists: false) }
    #expect(generated.facts.generatedReferences == nil)
    try sampled(insists: true)
    #expect(generated.facts.generatedReferences == [16] && generated.adaptive == nil)

    // An interrupted scan goes on to the same records without scoring anew, even after a cut in mid-line.
    var kept = Scan()
    kept.progressFile = "\(folder)/out.progress"
    kept.limit = 4
    _ = try kept.run([mixed], by: judge) { _ in }
    let saved = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/out.progress"))
    try saved.dropLast(20).write(to: URL(fileURLWithPath: "\(folder)/out.progress"))
    kept.limit = nil
    var scored: [Int] = []
    var again: [Record] = []
    _ = try kept.run([mixed], by: judge, progress: { scored.append($0) }, { again.append($0) })
    #expect(again == records)
    #expect(scored == [11])
    kept.finish()
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/out.progress"))

    // A damaged file is refused, wherever it is cut.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
      try bytes.prefix(length).write(to: URL(fileURLWithPath: "\(folder)/cut.safetensors"))
      #expect(throws: ModelFileError.self) { try Model(path: "\(folder)/cut.safetensors") }
    }
  }

  @Test("A resumed run ends with the weights of an uninterrupted one")
  func resume() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let engine = try Engine()
    var training = try Self.training(folder, steps: 8)
    let whole = try #require(try training.run([folder], engine: engine) { _ in })
    var steps = 0
    func fifth() -> Bool {
      steps += 1
      return steps == 5
    }
    let stopped = try training.run([folder], engine: engine, shouldStop: fifth) { _ in }
    #expect(stopped == nil)
    training.resume = try Checkpoint(path: "\(folder)/x.checkpoint")
    #expect(training.resume?.state.step == 5)
    let resumed = try #require(try training.run([folder], engine: engine) { _ in })
    #expect(resumed.weights == whole.weights)
  }

  @Test("A policy is read whole or refused with what is wrong")
  func policy() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/p.yml"
    try Data("fpr: 0.02\nmax_outliers: 3%\nmax_unreadable: 2\n".utf8).write(to: URL(fileURLWithPath: path))
    let policy = try Policy(path: path)
    #expect(policy.rule == .falsePositiveRate(0.02))
    #expect(policy.maxOutliers?.holds(3, of: 100) == true && policy.maxOutliers?.holds(4, of: 100) == false)
    #expect(policy.maxUnreadable.holds(2, of: 9) && !policy.maxUnreadable.holds(3, of: 9))
    for wrong in ["fprr: 1", "fpr: 2", "max_outliers: many", "- 1", "statistic: x"] {
      try Data(wrong.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: UsageError.self) { try Policy(path: path) }
    }
  }
}
