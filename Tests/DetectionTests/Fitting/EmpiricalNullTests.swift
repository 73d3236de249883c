import Foundation
import Tensors
import Testing

@testable import Detection

struct EmpiricalNullTests {
  /// Share of p-values at most `level` over folders of `n` draws.
  static func rate(
    _ n: Int, folders: Int, at level: Double, side: EmpiricalNull.Side = .high,
    _ draw: (inout RandomSource) -> Double
  ) -> Double {
    var total = 0
    for folder in 0..<folders {
      var random = RandomSource(seed: UInt64(folder), stream: 63)
      let numbers = (0..<n).map { _ in draw(&random) }
      let null = EmpiricalNull(fitting: numbers, side: side)
      total += null.pValues(numbers).count { $0 <= level }
    }
    return Double(total) / Double(n * folders)
  }

  static func normal(_ random: inout RandomSource) -> Double { Double(random.normal(1)[0]) }

  @Test(
    "Of folders where all belong, the p-values of normal numbers are uniform", arguments: [50, 200, 1000])
  func uniform(n: Int) {
    let folders = 20_000 / n
    for level in [0.1, 0.05] {
      // Four standard errors of so many draws, and a tenth for what the fit leans to on few.
      let error = 4 * (level * (1 - level) / 20_000).squareRoot() + 0.1 * level
      #expect(abs(Self.rate(n, folders: folders, at: level, Self.normal) - level) < error)
    }
    // Far out they are cautious: as many laws fit few numbers.
    #expect(
      Self.rate(n, folders: folders, at: 0.001, Self.normal) < 0.001 + 4 * (0.001 / 20_000).squareRoot())
  }

  @Test("The longer upper tail of log-normal numbers is seen, and both tails where both are odd")
  func sides() {
    let level = 0.05
    let error = 4 * (level / 20_000).squareRoot() + 0.15 * level
    func stretched(_ random: inout RandomSource) -> Double { exp(0.2 * Self.normal(&random)) }
    #expect(abs(Self.rate(400, folders: 50, at: level, stretched) - level) < error)
    #expect(abs(Self.rate(400, folders: 50, at: level, side: .both, Self.normal) - level) < error)
    let both = EmpiricalNull(fitting: (0..<50).map(Double.init), side: .both)
    #expect(both.pValue(80) < 0.01 && both.pValue(-30) < 0.01)
    let low = EmpiricalNull(fitting: (0..<50).map(Double.init), side: .low)
    #expect(low.pValue(-30) < 0.01 && low.pValue(80) > 0.9)
  }

  @Test("Foreign numbers far off leave the others' law as it is", arguments: [2, 10, 40])
  func contamination(foreign: Int) {
    var random = RandomSource(seed: 5, stream: 63)
    let numbers = random.normal(200).enumerated().map { Double($1) + ($0 < foreign ? 8 : 0) }
    let null = EmpiricalNull(fitting: numbers)
    // Deviations of the estimates: the share's is that of a count, and nothing lies between.
    #expect(abs(1 - null.ordinaryShare - Double(foreign) / 200) < 0.02)
    #expect(numbers.prefix(foreign).allSatisfy { null.pValue($0) < 1e-4 })
    #expect(abs(null.pValue(1.2816) - 0.1) < 0.04)
  }

  @Test("P-values fall as numbers rise, without end")
  func monotone() {
    var random = RandomSource(seed: 6, stream: 63)
    let null = EmpiricalNull(fitting: random.normal(100).map(Double.init))
    let p = stride(from: -4.0, through: 12, by: 0.1).map(null.pValue)
    #expect(zip(p, p.dropFirst()).allSatisfy { $0 >= $1 })
    #expect((p.last ?? 1) < 1e-6)
  }

  @Test("Units and origins do not matter")
  func units() {
    var random = RandomSource(seed: 7, stream: 63)
    let numbers = random.normal(80).map(Double.init)
    let (a, b) = (EmpiricalNull(fitting: numbers), EmpiricalNull(fitting: numbers.map { 1e4 * $0 + 1e5 }))
    for x in [-1.0, 0, 1, 2, 3, 5] {
      #expect(abs(log(a.pValue(x) / b.pValue(1e4 * x + 1e5))) < 1e-3)
    }
  }

  @Test("Where most numbers are equal, the least scale is what a difference is measured by")
  func degenerate() {
    let equal = [Double](repeating: 3, count: 60)
    let null = EmpiricalNull(fitting: equal + [3.001, 4], side: .both, leastScale: 0.05)
    #expect(null.pValue(3) > 0.5)
    #expect(null.pValue(3.001) > 0.5)
    #expect(null.pValue(4) < 1e-6)
    #expect(EmpiricalNull(fitting: equal).pValue(3).isFinite)
    #expect(EmpiricalNull(fitting: [1, 2, 3]).pValue(9) == 1)
    #expect(EmpiricalNull(fitting: []).pValue(9) == 1)
  }

  @Test("What is no number is as odd as can be, and is not fitted on")
  func notANumber() {
    let numbers = (0..<40).map(Double.init)
    let null = EmpiricalNull(fitting: numbers + [.nan, .infinity])
    #expect(null == EmpiricalNull(fitting: numbers))
    #expect(null.pValue(.nan) == EmpiricalNull.smallest)
    #expect(null.pValue(.infinity) == EmpiricalNull.smallest)
  }

  @Test("What a file keeps judges the same", arguments: [EmpiricalNull.Side.high, .low, .both])
  func tensors(side: EmpiricalNull.Side) throws {
    let null = EmpiricalNull(fitting: (0..<40).map { Double($0 * $0) }, side: side)
    let kept = null.tensors
    #expect(try EmpiricalNull { name, _ in kept[name] ?? [] } == null)
    #expect(null.isRegular)
    // At the shortest tails too.
    #expect(EmpiricalNull(fitting: (0..<400).map { -Double($0 * $0) }, side: side).isRegular)
  }
}
