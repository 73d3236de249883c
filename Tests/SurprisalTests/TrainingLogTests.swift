import Foundation
import Testing

@testable import Surprisal

struct TrainingLogTests {
  static var events: [(Training.Event, [String: Any])] {
    [
      (
        .unreadable(path: "a\n\"b\"", error: "none"),
        ["event": "unreadable", "path": "a\n\"b\"", "error": "none"]
      ),
      (
        .copies(exact: 1, near: 2, leftOut: 3),
        ["event": "copies", "exact": 1, "near": 2, "left_out": 3]
      ),
      (
        .loaded(training: 7, validation: 8, parameters: 9),
        ["event": "loaded", "training_images": 7, "validation_images": 8, "parameters": 9]
      ),
      (
        .planned(steps: 5, secondsPerStep: 0.123456789),
        ["event": "planned", "steps": 5, "seconds_per_step": 0.123457]
      ),
      (
        .resumed(step: 1, of: 2, secondsSpent: 3),
        ["event": "resumed", "step": 1, "steps": 2, "seconds_spent": 3]
      ),
      (
        .goal(bitsPerDim: 8, isOfStart: false, images: 40),
        ["event": "goal", "bits_per_dim": 8, "of_start": false, "images": 40]
      ),
      (
        .validated(step: 3, bitsPerDim: 2.5, standardError: .nan),
        ["event": "validated", "step": 3, "bits_per_dim": 2.5, "standard_error": NSNull(), "lowest": 2.5]
      ),
      (
        .validated(step: 4, bitsPerDim: 2.75, standardError: 0.5),
        ["event": "validated", "step": 4, "bits_per_dim": 2.75, "standard_error": 0.5, "lowest": 2.5]
      ),
      (
        .stoppedEarly(step: 4, of: 9, mark: 2, patience: 3),
        ["event": "stopped_early", "step": 4, "steps": 9, "mark": 2, "patience": 3]
      ),
      (
        .choseEarlier(step: 2, than: 4, difference: 0.25, standardError: 0.125),
        ["event": "chose_earlier", "step": 2, "than": 4, "difference": 0.25, "standard_error": 0.125]
      ),
      (
        .gained(before: 4, after: 3, standardError: 0.5, pValue: 0.01),
        ["event": "gained", "before": 4, "after": 3, "standard_error": 0.5, "p_value": 0.01]
      ),
      (
        .learningEyes(step: 9, of: 9, loss: 0.5, heldOut: 0.25, secondsLeft: 0),
        [
          "event": "learning_eyes", "step": 9, "steps": 9, "loss": 0.5, "held_out_loss": 0.25,
          "seconds_left": 0,
        ]
      ),
      (
        .tookGray, ["event": "took_gray"]
      ),
      (
        .triedLook(trained: 0.5, begun: 0.75, isKept: true),
        ["event": "tried_look", "trained": 0.5, "begun": 0.75, "kept": true]
      ),
      (
        .triedEyes(with: 0.75, without: 0.5, isKept: true),
        ["event": "tried_eyes", "with": 0.75, "without": 0.5, "kept": true]
      ),
      (
        .learningDamage(step: 9, of: 9, loss: 0.5, secondsLeft: 0),
        ["event": "learning_damage", "step": 9, "steps": 9, "loss": 0.5, "seconds_left": 0]
      ),
      (
        .triedDamage(with: 0.75, without: 0.5, best: .appearance, isKept: true),
        ["event": "tried_damage", "with": 0.75, "without": 0.5, "best": "appearance", "kept": true]
      ),
      (.surveying(done: 32, of: 32), ["event": "surveyed", "levels": 32]),
      (.calibrating(done: 9, of: 9), ["event": "calibrated", "images": 9]),
      (.stopped(step: 5), ["event": "stopped", "step": 5]),
    ]
  }

  @Test("Each event is one line of JSON with its seconds, whatever names of files hold")
  func lines() throws {
    var log = TrainingLog()
    for (event, fields) in Self.events {
      let told = log.line(event, seconds: 1.5)
      let line = try #require(told)
      #expect(line.hasSuffix("\n") && line.dropLast().allSatisfy { !$0.isNewline })
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
      #expect(object == NSDictionary(dictionary: fields.merging(["seconds": 1.5]) { $1 }), "\(line)")
    }
  }

  @Test("Steps are told a hundred times in all, the last among them")
  func progress() {
    for steps in [1, 7, 100, 250, 12_345] {
      var log = TrainingLog()
      let told = (1...steps).filter {
        log.line(.progress(step: $0, of: steps, loss: 1, secondsLeft: 2), seconds: 0) != nil
      }
      // Whole steps between two: at most twice as many.
      #expect(told.last == steps && told.count >= min(steps, 100) && told.count <= 200)
    }
  }
}
