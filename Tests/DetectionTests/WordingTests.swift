import Foundation
import Testing

@testable import Detection

struct WordingTests {
  private let sigmas = [0.01, 0.03, 0.1, 0.3, 1, 3, 10]

  @Test("The most unusual level is named, with how far and to which side", arguments: 0..<7, [-4.2, 4.2])
  func peak(level: Int, far: Double) {
    var z = sigmas.indices.map { $0 % 2 == 0 ? 0.5 : -0.5 }
    z[level] = far
    let words = Wording.levels(sigmas: sigmas, z: z)
    #expect(words.contains("(sigma \(String(format: "%.2g", sigmas[level])))"), "\(words)")
    #expect(words.contains("4.2 sd \(far > 0 ? "above" : "below")"), "\(words)")
  }

  @Test("Neighbours that deviate the same way at least half as far belong to the range")
  func neighbours() {
    for sign in [-1.0, 1] {
      let words = Wording.levels(sigmas: sigmas, z: [4, 1.9, 2, 4, 3, -3, 4].map { sign * $0 })
      // The first of equals; 1.9 ends the run on its right.
      #expect(words.contains("(sigma 0.01)"), "\(words)")
      let wide = Wording.levels(sigmas: sigmas, z: [0, 1.9, 2, 4, 3, -3, 3.9].map { sign * $0 })
      #expect(wide.contains("(sigma 0.1-1)"), "\(wide)")
    }
  }

  @Test("No levels, no words")
  func none() { #expect(Wording.levels(sigmas: [], z: []).isEmpty) }
}
