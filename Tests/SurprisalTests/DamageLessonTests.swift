import Detection
import Foundation
import Images
import ScoreModel
import Testing

@testable import Surprisal

struct DamageLessonTests {
  /// A model of discs that learned a little of damage on some, fitted to others.
  static func taught() throws -> Model {
    var model = try Discs.model()
    var lesson = DamageLesson([])
    (lesson.steps, lesson.isTried) = (6, false)
    try model.fit(
      to: Discs.discs(60, seed: 11), anew: false, budget: .fixed(4),
      marking: (lesson, Discs.discs(40, seed: 12)), compute: Discs.compute)
    return model
  }

  static let learned = Result { try taught() }

  @Test("What was learned survives the file, judges at evaluations and at one look, and says where")
  func judging() throws {
    let model = try Self.learned.get()
    let read = try Discs.withFolder { folder in
      try model.write(to: "\(folder)/m.safetensors")
      return try Model(path: "\(folder)/m.safetensors")
    }
    #expect(read.hasDamageEyes && read.digest == model.digest)
    #expect(read.parameterCount == model.parameterCount)
    let images = ImageBatch(shape: Discs.shape, images: [Discs.checks, Discs.discs(1, seed: 9)[0]])
    for evaluations in [0, 4] {
      let calibration = try read.calibration(evaluations: evaluations)
      #expect(calibration.names.contains(.damage))
      let scorer = try Scorer(read, evaluations: evaluations, compute: Discs.compute)
      let scores = try scorer.estimate(images).map { calibration.score($0, by: .damage) }
      #expect(scores[0] > scores[1], "\(scores)")
      let words = calibration.words(
        try scorer.estimate(images)[0], by: .damage, read.form(evaluations: evaluations))
      #expect(words.contains("as if damaged"), "\(words)")
    }
  }

  @Test("It goes where flaws unknown to it are told better by something else, and that is told")
  func trial() throws {
    for steps in [1, 40] {
      var model = try Discs.model()
      var told: [Training.Event] = []
      var lesson = DamageLesson([])
      lesson.steps = steps
      let isDone = try model.learnDamage(
        lesson, from: Discs.discs(60, seed: 21), heldOut: Discs.discs(60, seed: 22), Discs.compute,
        shouldStop: { false }, report: { told.append($0) })
      #expect(isDone && told.count == steps + 1)
      guard case .triedDamage(let with, let without, let best, let isKept) = told.last else {
        Issue.record("not tried")
        return
      }
      #expect(isKept || with < without, "\(with), \(without) by \(best)")
      #expect(model.hasDamageEyes == isKept)
      #expect(best != .damage && (0...1).contains(with) && (0...1).contains(without))
    }
  }

  @Test("Stopped, a lesson leaves the model as it was; with too few images to try it on it stays untried")
  func stopped() throws {
    var model = try Discs.model()
    let digest = model.digest
    var lesson = DamageLesson([])
    lesson.steps = 2
    let (images, few) = (Discs.discs(30, seed: 23), Discs.discs(17, seed: 24))
    #expect(
      try !model.learnDamage(
        lesson, from: images, heldOut: few, Discs.compute, shouldStop: { true }, report: { _ in }))
    #expect(model.digest == digest)
    var told = 0
    #expect(
      try model.learnDamage(
        lesson, from: images, heldOut: few, Discs.compute, shouldStop: { false }, report: { _ in told += 1 }))
    #expect(model.hasDamageEyes && told == 2)
  }

  @Test("A training teaches it from 64 pixels a side, for steps that follow from what the denoiser sees")
  func plan() {
    var options = TrainingOptions()
    (options.steps, options.batch) = (1000, 32)
    func steps(_ budget: LessonBudget, _ side: Int, _ preset: Architecture.Preset = .small) -> Int? {
      let shape = ImageShape(height: side, width: side, channels: 1)
      return DamageLesson(budget, options, Architecture(shape: shape, preset: preset)).steps
    }
    // Half the width costs a quarter, and so does what is learned beside it.
    #expect(steps(.auto, 64, .tiny) == 10 * 1000 * 32 / 16 / 4)
    #expect(steps(.auto, 64) == 16000 && steps(.auto, 32) == 0 && steps(.auto, 68) == 0)
    #expect(steps(.none, 64) == 0 && steps(.steps(7), 32) == 7)
    options.steps = 1_000_000
    #expect(steps(.auto, 128) == 8000)
    var training = Training(shape: ImageShape(height: 28, width: 28, channels: 1))
    training.damage = .steps(3)
    #expect(throws: SurprisalError.self) { try training.validate() }
  }

  @Test("A training goes through it: what is kept judges, one look by it, and where it is is drawn")
  func training() throws {
    try Discs.withFolder { folder in
      let discs = Discs.discs(90, seed: 25)
      for index in discs.indices { try Discs.write(discs[index], to: "\(folder)/\(index).png") }
      var training = Training(shape: Discs.shape)
      training.start = nil
      training.minutes = nil
      (training.options.steps, training.options.batch, training.preset) = (4, 4, .tiny)
      (training.eyes, training.damage, training.budget) = (.none, .steps(3), .fixed(4))
      var tried: Bool?
      let model = try #require(
        try training.run([FilePath(folder)], compute: Discs.compute) {
          if case .triedDamage(_, _, _, let isKept) = $0 { tried = isKept }
        })
      #expect(tried == model.hasDamageEyes)
    }
    let model = try Self.learned.get()
    let look = try model.calibration(evaluations: 0)
    #expect(look.standard == .damage && model.standardStatistic(evaluations: 0) == .damage)
    #expect(model.standardStatistic() == .combined)
    let scorer = try Scorer(model, evaluations: 0, compute: Discs.compute)
    let odd = try scorer.estimate(ImageBatch(shape: Discs.shape, images: [Discs.checks]))[0]
    let map = try #require(look.oddness(odd, scorer.form))
    #expect(map.count == 256 && map.allSatisfy { $0 > 0 && $0.isFinite })
    let explanation = try ImageExplanation(of: Discs.checks, under: model, compute: Discs.compute)
    #expect(try #require(explanation.seen).oddness == map)
  }

  @Test(
    "By damage images are judged at evaluations too where made-up flaws are told better by it, and a file keeps that"
  )
  func choice() throws {
    var model = try Self.learned.get()
    model.facts.statistic = .damage
    let read = try Discs.withFolder { folder in
      try model.write(to: "\(folder)/m.safetensors")
      return try Model(path: "\(folder)/m.safetensors")
    }
    #expect(read.standardStatistic(evaluations: 4) == .damage)
    #expect(try Judge(read, budget: .fixed(4), rate: 0.1, compute: Discs.compute).statistic == .damage)
    #expect(
      read.standardStatistic(under: .fixed(4)) == .damage && read.standardStatistic(under: .auto) == .combined
    )
    // Its first calibration is from before damage was learned: what has no such references is judged as ever.
    #expect(read.standardStatistic() == .combined)
  }

  @Test("Images of 64 pixels a side are spoiled in part too, for a model that marks damage")
  func flaws() throws {
    let discs = Discs.discs(Examination.fewest, seed: 14)
    var large = ImageBatch(shape: ImageShape(height: 64, width: 64, channels: 1))
    for index in discs.indices { large.append(discs[index].resampled(width: 64, height: 64)) }
    var model = try Discs.model().emptied(for: large)
    var lesson = DamageLesson([])
    (lesson.steps, lesson.isTried) = (1, false)
    _ = try model.learnDamage(
      lesson, from: large, heldOut: large, Discs.compute, shouldStop: { false }, report: { _ in })
    func told(_ model: Model, _ images: ImageBatch) throws -> Examination.Sitting.Told {
      let examination = try #require(Examination(images, seed: 1))
      return try examination.sitting(by: Scorer(model, evaluations: 1, compute: Discs.compute)).told()
    }
    let found = try told(model, large)
    let flawed = try #require(found.flawed)
    let fresh = Examination.fewest / 2
    #expect(
      flawed.damage.count == fresh * Flaw.allCases.count && flawed.combined.count == flawed.damage.count)
    #expect((found.altered + flawed.damage + flawed.combined).allSatisfy { (0...1).contains($0) })
    #expect(try told(Self.learned.get(), discs).flawed == nil)
  }

  @Test("A file whose damage lacks a part is refused by its name, and one without any has no such statistic")
  func parts() throws {
    var file = try Self.learned.get().file()
    let part = try #require(file.tensors.keys.first { $0.hasPrefix("damage.head.output") })
    file.tensors[part] = nil
    let error = #expect(throws: ModelFileError.self) { try Model(file, path: "x") }
    #expect(error.map { "\($0)".contains(part) } == true)
    var blind = try Discs.model()
    #expect(!blind.hasDamageEyes)
    try blind.fit(to: Discs.discs(40, seed: 7), anew: false, budget: .look, compute: Discs.compute)
    for calibration in blind.calibrations { #expect(!calibration.names.contains(.damage)) }
  }

  @Test("Images that show what one fitted to shows teach nothing; nor do images without whole places")
  func refusals() throws {
    var model = try Discs.model()
    let discs = Discs.discs(20, seed: 13)
    #expect(throws: SurprisalError.self) {
      try model.learnDamage(DamageLesson([]), from: discs, besides: discs, Discs.compute)
    }
    #expect(!model.hasDamageEyes)
    #expect(!Damage.takes(ImageShape(height: 28, width: 28, channels: 1)))
    #expect(!Damage.takes(ImageShape(height: 8, width: 32, channels: 1)))
  }
}
