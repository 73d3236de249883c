import Detection
import Foundation
import Images
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

struct EyeLessonTests {
  /// Discs over a bar: one can see which way is up.
  static func lamps(_ count: Int, seed: UInt64) -> ImageBatch {
    let discs = Discs.discs(count, seed: seed)
    return ImageBatch(
      shape: Discs.shape,
      images: discs.indices.map { index in
        var image = discs[index]
        for i in 192..<224 { image.pixels[i] = UInt8(150 + (i * (index % 7 + 3)) % 40) }
        return image
      })
  }

  /// A model of lamps that learned eyes, and what it said of them.
  static func taught(steps: Int) throws -> (model: Model, events: [Training.Event]) {
    var options = TrainingOptions()
    options.precision = .float32
    var model = try Discs.model().emptied(for: lamps(64, seed: 1))
    try model.survey(on: lamps(48, seed: 1), compute: Discs.compute)
    var events: [Training.Event] = []
    let isDone = try model.learnEyes(
      EyeLesson(.steps(steps), options), from: lamps(200, seed: 2), heldOut: lamps(80, seed: 3),
      evaluations: 4, compute: Discs.compute, shouldStop: { false }, report: { events.append($0) })
    #expect(isDone)
    return (model, events)
  }

  static let learned = Result { try taught(steps: 150) }

  @Test("Eyes are kept where they help on alterations unknown to them, and what was found is told")
  func worth() throws {
    let (model, events) = try Self.learned.get()
    guard case .triedEyes(let with, let without, let isKept) = events.last else {
      Issue.record("\(events.count) events")
      return
    }
    #expect(isKept == (with > without) && model.hasEyes == isKept)
    #expect(isKept, "\(with) \(without)")
    let losses = events.compactMap { event -> Double? in
      if case .learningEyes(_, _, _, let heldOut, _) = event { heldOut } else { nil }
    }
    // Ten sittings, of which the last is far below where it knew nothing.
    #expect(losses.count == EyeExam.sittings)
    #expect(try #require(losses.min()) < 0.5 * log(8))
  }

  @Test("What is altered is told from fresh images, says in which way, and survives the file")
  func judging() throws {
    var model = try Self.learned.get().model
    try model.fit(to: Self.lamps(120, seed: 4), anew: false, budget: .fixed(4), compute: Discs.compute)
    let read = try Discs.withFolder { folder in
      try model.write(to: "\(folder)/m.safetensors")
      return try Model(path: "\(folder)/m.safetensors")
    }
    #expect(read.hasEyes && read.digest == model.digest)
    let fresh = Self.lamps(60, seed: 5)
    var random = RandomSource(seed: 6)
    let turned = ImageBatch(
      shape: Discs.shape,
      images: fresh.indices.map { Alteration.turnedHalf(fresh[$0], other: fresh[0], random: &random) })
    for evaluations in [0, 4] {
      let calibration = try read.calibration(evaluations: evaluations)
      #expect(Set(calibration.names).isSuperset(of: [.eyes, .altered]))
      let scorer = try Scorer(read, evaluations: evaluations, compute: Discs.compute)
      let (own, odd) = (try scorer.estimate(fresh), try scorer.estimate(turned))
      for name in [StatisticName.eyes, .altered] {
        let separation = Separation(
          inliers: own.map { calibration.score($0, by: name) },
          outliers: odd.map { calibration.score($0, by: name) })
        #expect(separation.auroc > 0.9, "\(name.rawValue) at \(evaluations): \(separation.auroc)")
      }
      let form = read.form(evaluations: evaluations)
      #expect(calibration.words(odd[0], by: .altered, form).contains("it seems turned by half"))
      #expect(calibration.words(odd[0], by: .eyes, form).contains("learned eyes"))
    }
  }

  @Test("A file with eyes that lack a part is refused, and one without any has no such statistics")
  func damage() throws {
    let model = try Self.learned.get().model
    var file = try model.file()
    let part = try #require(file.tensors.keys.first { $0.hasPrefix("eyes.head.output") })
    file.tensors[part] = nil
    #expect(throws: ModelFileError.self) { try Model(file, path: "x") }
    for name in file.tensors.keys where name.hasPrefix("eyes.") { file.tensors[name] = nil }
    var blind = try Model(file, path: "x")
    #expect(!blind.hasEyes)
    try blind.fit(to: Self.lamps(40, seed: 7), anew: false, budget: .fixed(4), compute: Discs.compute)
    for calibration in blind.calibrations {
      #expect(Set(calibration.names).isDisjoint(with: [.eyes, .altered]))
    }
  }

  @Test("Too few held-out images to try eyes on: none are learned")
  func few() throws {
    var model = try Discs.model()
    let said = Events()
    let isDone = try model.learnEyes(
      EyeLesson(.steps(5), TrainingOptions()), from: Self.lamps(30, seed: 8),
      heldOut: Self.lamps(17, seed: 9),
      evaluations: 4, compute: Discs.compute, shouldStop: { false }, report: { said.all.append($0) })
    #expect(isDone && !model.hasEyes && said.all.isEmpty)
  }

  private final class Events { var all: [Training.Event] = [] }

  @Test("Stopped, a lesson leaves the model as it was")
  func stopped() throws {
    var model = try Discs.model()
    let digest = model.digest
    let isDone = try model.learnEyes(
      EyeLesson(.steps(5), TrainingOptions()), from: Self.lamps(30, seed: 8),
      heldOut: Self.lamps(40, seed: 9),
      evaluations: 4, compute: Discs.compute, shouldStop: { true }, report: { _ in })
    #expect(!isDone && model.digest == digest)
  }

  @Test("By themselves they learn from images that show none of those that the model is fitted to")
  func apart() throws {
    var model = try Discs.model()
    let fitted = Self.lamps(60, seed: 10)
    var lesson = EyeLesson.Images([])
    lesson.steps = 2
    #expect(throws: SurprisalError.self) {
      try model.learnEyes(lesson, from: fitted, besides: fitted, .fixed(4), Discs.compute)
    }
    try model.learnEyes(lesson, from: Self.lamps(20, seed: 11), besides: fitted, .fixed(4), Discs.compute)
    #expect(model.parameterCount > 0)
  }

  @Test("Steps follow from what the denoiser sees, unless they are asked for")
  func plan() {
    var options = TrainingOptions()
    (options.steps, options.batch) = (1200, 32)
    #expect(EyeLesson(.auto, options).steps == 400)
    options.steps = 1_000_000
    #expect(EyeLesson(.auto, options).steps == 4000)
    #expect(EyeLesson(.none, options).steps == 0 && EyeLesson(.steps(7), options).steps == 7)
    for budget in [LessonBudget.auto, .none, .steps(12)] {
      #expect(LessonBudget(kept: budget.kept) == budget && LessonBudget("\(budget)") == budget)
    }
    for text in ["0", "-3", "", "some"] { #expect(LessonBudget(text) == nil) }
  }

  @Test("A size is chosen by the images' own, and why is said")
  func choice() {
    func choice(_ sizes: (Int, Int)...) -> FittedShape.Choice {
      FittedShape.Choice(sizes.map { ImageOrigin(format: "png", width: $0.0, height: $0.1) })
    }
    #expect(choice((28, 20), (28, 20)).width == 28 && choice((28, 20), (28, 20)).height == 20)
    for (found, reason) in [
      (choice(), "none could be read"), (choice((28, 28), (32, 28)), "differ in size"),
      (choice((640, 480)), "640x480, more than"), (choice((8, 20)), "8x20, too small for"),
      (choice((30, 30)), "30x30 is no size"),
    ] {
      #expect(found.width == 32 && found.height == 32 && found.reason.contains(reason), "\(found)")
    }
  }
}
