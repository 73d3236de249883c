import Foundation
import Images
import Tensors
import Testing

@testable import Detection

struct TroublesTests {
  /// What an image of an ordinary folder of photographs measures, with what is said of it in its place.
  private func photograph(
    _ random: inout RandomSource, width: Int = 800, height: Int = 600, highlight: Double? = nil,
    shadow: Double? = nil, sharpness: Double? = nil, information: Double? = nil, colourfulness: Double? = nil,
    transparency: Double = 0
  ) -> Measures {
    let noise = random.normal(5).map(Double.init)
    return Measures(
      width: width, height: height, shadow: shadow ?? 60 * exp(0.35 * noise[0]), brightness: 120,
      highlight: highlight ?? 160 * exp(0.25 * noise[1]), contrast: 50,
      sharpness: sharpness ?? 0.85 * exp(0.06 * noise[2]),
      information: information ?? 5.5 * exp(0.15 * noise[3]),
      colourfulness: colourfulness ?? exp(3.5 + 0.4 * noise[4]),
      transparency: transparency)
  }

  private func photographs(_ count: Int, _ random: inout RandomSource) -> [Measures] {
    (0..<count).map { _ in photograph(&random) }
  }

  /// An image in each trouble.
  private func troubled(_ random: inout RandomSource) -> [Trouble: Measures] {
    [
      .dark: photograph(&random, highlight: 25), .bright: photograph(&random, shadow: 200),
      .blurry: photograph(&random, sharpness: 0.55), .lowInformation: photograph(&random, information: 1),
      .oddAspect: photograph(&random, width: 1600, height: 300),
      .oddSize: photograph(&random, width: 80, height: 60),
      .turned: photograph(&random, width: 600, height: 800),
      .gray: photograph(&random, colourfulness: 0), .transparent: photograph(&random, transparency: 0.6),
    ]
  }

  @Test("Each trouble is found, one in a thousand at most by chance, and no other trouble with it")
  func each() throws {
    var random = RandomSource(seed: 1)
    let troubles = try Troubles(fitting: photographs(1000, &random))
    for (trouble, image) in troubled(&random) {
      let pValues = troubles.pValues(image)
      for (other, p) in pValues {
        // 90 p-values of ordinary features are here: the least is above 1e-4 but for 1 in 100 seeds.
        #expect(other == trouble ? p < 2e-3 : p > 1e-4, "\(trouble.rawValue), \(other.rawValue): \(p)")
      }
    }
  }

  @Test("One image in five in trouble hides no other one, and makes no ordinary one seem odd")
  func contaminated() throws {
    var random = RandomSource(seed: 2)
    let ordinary = photographs(800, &random)
    for (trouble, _) in troubled(&random) where trouble != .turned {
      let bad = (0..<200).map { _ in troubled(&random)[trouble]! }
      let troubles = try Troubles(fitting: ordinary + bad)
      let flagged = ordinary.count { troubles.pValue(trouble, $0) <= 0.01 }
      // At most 1 % and two standard errors.
      #expect(flagged <= 8 + 6, "\(trouble.rawValue): \(flagged)")
      // Ordinary values spread further on the side of the trouble, by what 200 of 1000 move a quartile: still far away.
      #expect(troubles.pValue(trouble, bad[0]) < 0.02, "\(trouble.rawValue)")
    }
  }

  @Test("Where all are of one size, another is odd; where sizes come in two kinds, neither is")
  func sizes() throws {
    var random = RandomSource(seed: 3)
    let one = photographs(100, &random)
    #expect(try Troubles(fitting: one).pValue(.oddSize, photograph(&random, width: 400, height: 300)) < 1e-3)
    #expect(try Troubles(fitting: one).pValue(.oddSize, photograph(&random, width: 790, height: 595)) > 0.5)
    let two = one + (0..<100).map { _ in photograph(&random, width: 4000, height: 3000) }
    let troubles = try Troubles(fitting: two)
    #expect(two.allSatisfy { troubles.pValue(.oddSize, $0) > 0.1 })
  }

  @Test("Half gray and half colour, nothing is odd; one of either among the other is")
  func colours() throws {
    var random = RandomSource(seed: 4)
    let colour = photographs(100, &random)
    let gray = (0..<100).map { _ in photograph(&random, colourfulness: 0) }
    let mixed = try Troubles(fitting: colour + gray)
    #expect(gray.allSatisfy { mixed.pValue(.gray, $0) > 0.1 })
    #expect((colour + gray).count { mixed.pValue(.colour, $0) < 0.01 } <= 2)
    #expect(try Troubles(fitting: gray).pValue(.colour, colour[0]) < 1e-4)
    #expect(try Troubles(fitting: gray).pValue(.gray, gray[0]) > 0.4)
    #expect(try Troubles(fitting: colour).pValue(.gray, gray[0]) < 1e-4)
  }

  @Test("Upright images among wide ones are no odd aspect, and turned where they are few")
  func turned() throws {
    var random = RandomSource(seed: 5)
    let wide = photographs(99, &random)
    let upright = photograph(&random, width: 600, height: 800)
    let few = try Troubles(fitting: wide + [upright])
    #expect(few.pValue(.turned, upright) == 2.0 / 101 && few.pValue(.turned, wide[0]) == 1)
    #expect(abs(few.pValue(.oddAspect, upright) - few.pValue(.oddAspect, wide[0])) < 1e-9)
    let many = try Troubles(fitting: wide + [Measures](repeating: upright, count: 40))
    #expect(many.pValue(.turned, upright) > 0.1)
    #expect(few.pValue(.turned, photograph(&random, width: 500, height: 500)) == 1)
  }

  @Test("Ordinary images' p-values are uniform, or larger where what nobody minds is more than their spread")
  func uniform() throws {
    var random = RandomSource(seed: 6)
    let troubles = try Troubles(fitting: photographs(2000, &random))
    let fresh = photographs(2000, &random)
    for trouble in [Trouble.dark, .bright, .blurry, .lowInformation, .gray] {
      for rate in [0.1, 0.05, 0.01] {
        let share = Double(fresh.count { troubles.pValue(trouble, $0) <= rate }) / 2000
        // The cut is at 1.3 to 2.3 deviations of a law whose center and scale come from 2000 images, each to some 2.5 % of
        // a deviation; the share moves by z times the density there, some 2 of itself, for each deviation.
        let error = (rate * (1 - rate) / 2000 + pow(2 * rate * 0.025 * 2.5, 2)).squareRoot()
        #expect(share - rate <= 3 * error, "\(trouble.rawValue) at \(rate): \(share)")
        #expect(share > 0.3 * rate, "\(trouble.rawValue) at \(rate): \(share)")
      }
    }
  }

  @Test("What a model file keeps judges as before, and damaged tensors are refused")
  func tensors() throws {
    var random = RandomSource(seed: 7)
    let troubles = try Troubles(fitting: photographs(100, &random))
    let tensors = troubles.tensors
    func tensor(_ from: [String: [Double]]) -> (String, Int?) throws -> [Double] {
      { name, count in
        guard let values = from[name], count == nil || values.count == count else {
          throw CalibrationError.unsuitable(name)
        }
        return values
      }
    }
    #expect(try Troubles(tensor: tensor(tensors)) == troubles)
    for name in tensors.keys {
      var cut = tensors
      cut[name]?.removeLast()
      #expect(throws: CalibrationError.self) { try Troubles(tensor: tensor(cut)) }
      var broken = tensors
      broken[name] = tensors[name]?.map { _ in .nan }
      guard !name.hasSuffix("side") else { continue }
      #expect(throws: CalibrationError.self) { try Troubles(tensor: tensor(broken)) }
    }
  }

  @Test("Words say what was measured and what is ordinary")
  func words() throws {
    var random = RandomSource(seed: 8)
    let troubles = try Troubles(fitting: photographs(1000, &random))
    let image = photograph(&random, width: 600, height: 800, highlight: 31)
    #expect(troubles.words(.dark, image).hasPrefix("brightest 1 % at 31 of 255, ordinarily 1"))
    #expect(troubles.words(.turned, image) == "upright, as 0 of 1000 are")
    for trouble in Trouble.measured { #expect(!troubles.words(trouble, image).isEmpty) }
  }

  @Test("Fewer than thirty images are refused")
  func few() {
    var random = RandomSource(seed: 9)
    let images = photographs(29, &random)
    #expect(throws: CalibrationError.tooFewToFit(found: 29, needed: 30)) { try Troubles(fitting: images) }
  }
}
