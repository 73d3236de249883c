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
