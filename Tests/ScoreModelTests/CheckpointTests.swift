import Files
import Foundation
import Images
import Tensors
import Testing

@testable import ScoreModel

struct CheckpointTests {
  static var watch: Checkpoint.Watch {
    var watch = Checkpoint.Watch()
    watch.start = .init(step: 0, bitsPerDim: 5.5, standardError: 0.25)
    watch.points = [
      .init(step: 2, bitsPerDim: 3.5, standardError: 0.25),
      .init(step: 4, bitsPerDim: 3.75, standardError: 0.25),
    ]
    watch.best = .init(step: 2, bits: [3.25, 3.75])
    watch.mark = watch.best
    watch.last = .init(step: 4, bits: [3.5, 4])
    watch.stale = 1
    return watch
  }

  static func checkpoint() throws -> Checkpoint {
    let shape = ImageShape(height: 16, width: 16, channels: 1)
    let architecture = Architecture(shape: shape, preset: .tiny, levels: 2)
    let count = Parameters.count(of: Network(architecture).parameterSpecs)
    var random = RandomSource(seed: 1)
    var options = TrainingOptions()
    options.steps = 10
    options.precision = .float32
    let contents = Checkpoint.Contents(count: 3, digest: "ab")
    return Checkpoint(
      architecture: architecture, preconditioning: Preconditioning(mean: 0.1, deviation: 0.5),
      options: options,
      state: TrainingState(
        step: 4, values: random.normal(count), first: random.normal(count),
        second: random.normal(count).map { $0 * $0 }, average: random.normal(count), smoothedLoss: 0.7),
      run: Checkpoint.Run(
        paths: [FilePath("a"), FilePath(bytes: [0xF1])], heldOut: [FilePath("d")], training: contents,
        validation: contents, validationShare: 0.2,
        validations: 5, minutes: 1.5, evaluations: nil, patience: 4), watch: Self.watch,
      best: random.normal(count), start: random.normal(count))
  }

  @Test("A checkpoint gives back all that training needs: same content, same bytes")
  func roundTrip() throws {
    let checkpoint = try Self.checkpoint()
    let bytes = try checkpoint.file().encoded()
    let read = try Checkpoint(try SafeTensors(bytes: bytes, path: "x"), path: "x")
    #expect(read.run == checkpoint.run && read.options == checkpoint.options)
    #expect(read.watch == Self.watch && read.best == checkpoint.best)
    #expect(read.architecture == checkpoint.architecture)
    #expect(read.preconditioning == checkpoint.preconditioning)
    #expect(
      read.state.step == 4 && read.state.smoothedLoss == 0.7 && read.state.first == checkpoint.state.first)
    #expect(try read.file().encoded() == bytes)
  }

  @Test("A checkpoint from before there were runs is read as one that knows no images")
  func firstVersion() throws {
    var file = try Self.checkpoint().file()
    let facts = try #require(file.metadata["surprisal.checkpoint"])
    var object = try #require(try JSONSerialization.jsonObject(with: Data(facts.utf8)) as? [String: Any])
    for name in ["formatVersion", "run", "loss", "watch"] { object[name] = nil }
    var options = try #require(object["options"] as? [String: Any])
    options["flips"] = false
    object["options"] = options
    file.metadata["surprisal.checkpoint"] = String(
      decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self
    ).replacing("\"flips\":0", with: "\"flips\":false")
    let read = try Checkpoint(file, path: "x")
    #expect(read.run == nil && read.state.step == 4 && read.state.smoothedLoss == TrainingState.startingLoss)
  }

  @Test(
    "Paths too many to keep are left out, and the checkpoint is still one",
    arguments: [FilePath("folder/image.png"), FilePath(bytes: [UInt8](repeating: 0xF1, count: 16))])
  func manyPaths(path: FilePath) throws {
    let checkpoint = try Self.checkpoint()
    for (count, areKept) in [(1000, true), (60_000, false)] {
      var run = try #require(checkpoint.run)
      run.paths = [FilePath](repeating: path, count: count)
      let many = Checkpoint(
        architecture: checkpoint.architecture, preconditioning: checkpoint.preconditioning,
        options: checkpoint.options, state: checkpoint.state, run: run)
      let read = try Checkpoint(many.file(), path: "x")
      #expect(read.run?.paths == (areKept ? run.paths : nil) && read.run?.heldOut == [FilePath("d")])
    }
  }

  static let refused: [(what: String, by: String, reason: String)] = [
    ("\"step\":4", "\"step\":11", "step 11"), ("\"step\":4", "\"step\":-1", "step -1"),
    ("\"step\":4", "\"step\":4611686018427387904", "step 4611686018427387904"),
    ("\"batch\":32", "\"batch\":0", "batch 0"),
    ("\"batch\":32", "\"batch\":1099511627776", "batch 1099511627776"),
    ("\"warmup\":200", "\"warmup\":-9223372036854775808", "warm-up -9223372036854775808"),
    ("\"steps\":10", "\"steps\":9223372036854775807", "steps 9223372036854775807"),
    ("\"clip\":1", "\"clip\":0", "clip 0"), ("\"averaging\":0.999", "\"averaging\":1.5", "averaging 1.5"),
    ("\"weightDecay\":0.01", "\"weightDecay\":-1", "weight decay -1"),
    ("\"learningRate\":0.0015", "\"learningRate\":10", "learning rate 10"),
    ("\"precision\":\"f32\"", "\"precision\":\"f64\"", "precision f64"),
    ("},\"width\":16", "},\"width\":100000", "width 100000"),
    ("},\"width\":16", "},\"width\":512", "where the architecture needs"),
    ("\"levels\":2", "\"levels\":64", "64 levels"), ("\"height\":16", "\"height\":-16", "-16"),
    ("\"height\":16", "\"height\":4294967296", "4294967296"),
    ("\"channels\":1", "\"channels\":2", "2 channels"),
    ("\"deviation\":0.5", "\"deviation\":-0.5", "deviation -0.5"),
    ("\"deviation\":0.5", "\"deviation\":1e30", "deviation 1e+30"),
    ("\"mean\":0.1", "\"mean\":7", "mean 7"),
    ("\"loss\":0.7", "\"loss\":-1", "loss -1"), ("\"validations\":5", "\"validations\":0", "0 validations"),
    ("\"minutes\":1.5", "\"minutes\":-1", "-1.0 minutes"),
    ("\"validationShare\":0.2", "\"validationShare\":1", "share 1"),
    ("\"secondsSpent\":0", "\"secondsSpent\":-2", "-2.0 seconds"),
    ("\"count\":3", "\"count\":0", "0 training images"),
    ("\"formatVersion\":4", "\"formatVersion\":5", "newer surprisal (format 5)"),
    ("\"formatVersion\":4", "\"formatVersion\":-3", "format version -3"),
    ("\"patience\":4", "\"patience\":0", "patience 0"), ("[3.5,4]", "[3.5]", "different numbers"),
    ("[3.5,4]", "[3.5,4e9]", "bits that no image has"), ("\"stale\":1", "\"stale\":3", "3 validations since"),
    ("\"bits\":[3.5,4],\"step\":4", "\"bits\":[3.5,4],\"step\":3", "steps that were not taken"),
  ]

  @Test(
    "A number that no training can have is refused by its name",
    arguments: refused)
  func refusals(what: String, by: String, reason: String) throws {
    var file = try Self.checkpoint().file()
    let facts = try #require(file.metadata["surprisal.checkpoint"])
    #expect(facts.contains(what))
    file.metadata["surprisal.checkpoint"] = facts.replacing(what, with: by)
    let error = #expect(throws: ModelFileError.self) { try Checkpoint(file, path: "x") }
    #expect(error?.description.contains(reason) == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test("Tensors that are missing, of another length, or hold what is no number are refused by name")
  func tensors() throws {
    for name in ["values", "first", "second", "average", "best", "start"] {
      let good = try Self.checkpoint().file()
      let values = try good.tensors[name]?.values ?? []
      for spoiled in [
        nil, values + [0], Array(values.dropLast()), [.nan] + values.dropFirst(),
        values.map { _ in .infinity },
      ] where spoiled != nil || name != "start" {
        var file = good
        file.tensors[name] = spoiled.map { .init($0) }
        let error = #expect(throws: ModelFileError.self) { try Checkpoint(file, path: "x") }
        #expect(error?.description.contains("tensor \(name) ") == true)
      }
    }
    var file = try Self.checkpoint().file()
    file.tensors["second"] = .init(try Self.checkpoint().state.second.map { -$0 })
    #expect(throws: ModelFileError.self) { try Checkpoint(file, path: "x") }
  }

  @Test("A file that is no checkpoint, a model among them, says so by its name")
  func other() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let model = root.appendingPathComponent("models/fashion-mnist.safetensors").path
    let error = #expect(throws: ModelFileError.self) { try Checkpoint(path: model) }
    #expect(error?.description == "\(model): not a usable checkpoint: not a training checkpoint")
  }
}
