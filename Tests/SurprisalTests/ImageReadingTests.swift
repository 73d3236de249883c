import Foundation
import Testing

@testable import Surprisal

struct ImageReadingTests {
  @Test("One image is read at the model's size, or refused with its name")
  func one() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let reading = ImageReading()
      #expect(try reading.image(at: "\(mixed)/odd.png", as: Discs.shape) == Discs.checks)
      for name in ["bad.png", "none.png"] {
        let error = #expect(throws: SurprisalError.self) {
          try reading.image(at: "\(mixed)/\(name)", as: Discs.shape)
        }
        #expect(error?.description.contains(name) == true)
      }
      try FileManager.default.createDirectory(atPath: "\(folder)/empty", withIntermediateDirectories: true)
      #expect(throws: SurprisalError.self) { try reading.image(at: "\(folder)/empty", as: Discs.shape) }
    }
  }
}
