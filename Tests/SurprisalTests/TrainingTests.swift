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

  @Test("A resumed run ends in the checkpoint of an uninterrupted one, to the byte")
  func resume() throws {
    try Discs.withFolder { folder in
      var training = try Discs.training(folder, steps: 8)
      // The checkpoint when so many steps were done.
      func checkpoint(after last: Int) throws -> Data {
        var step = training.resume?.state.step ?? 0
        let stopped = try training.run(
          [folder], compute: Discs.compute,
          shouldStop: {
            step += 1
            return step == last
          }, report: { _ in })
        #expect(stopped == nil)
        return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/x.checkpoint"))
      }
      let whole = try checkpoint(after: 8)
      _ = try checkpoint(after: 5)
      training.resume = try Checkpoint(path: "\(folder)/x.checkpoint")
      #expect(training.resume?.state.step == 5)
      #expect(try checkpoint(after: 8) == whole)
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
    }
  }
}
