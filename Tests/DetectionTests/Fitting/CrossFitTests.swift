import Tensors
import Testing

@testable import Detection

struct CrossFitTests {
  @Test("Groups stay together, parts are of nearly one size, and the deal is always the same")
  func groups() {
    let groups = (0..<200).map { $0 < 30 ? 0 : $0 % 70 }
    let split = CrossFit(groups: groups)
    for group in Set(groups) {
      #expect(Set(groups.indices.filter { groups[$0] == group }.map { split.fold[$0] }).count == 1)
    }
    #expect(split.folds == 10)
    // The largest group is larger than a tenth; the others are dealt evenly over the rest, to within a group's size.
    let sizes = split.parts.map(\.count).sorted()
    #expect(sizes[9] == 30 + groups[30...].filter { $0 == 0 }.count)
    #expect(sizes[8] - sizes[0] <= 3)
    #expect(split == CrossFit(groups: groups))
  }

  @Test("No row is fitted on by what judges it, nor is any that is not kept")
  func apart() {
    let split = CrossFit(rows: 40, folds: 6)
    let kept = (0..<40).map { $0 % 5 != 0 }
    let scores = split.scores(fittingOn: kept) { rows in
      Set(rows)
    } score: { fitted, row in
      #expect(!fitted.contains(row))
      #expect(fitted.allSatisfy { kept[$0] })
      return Double(fitted.count)
    }
    for row in 0..<40 {
      #expect(Int(scores[row]) == (0..<40).count { kept[$0] && split.fold[$0] != split.fold[row] })
    }
  }

  @Test("Fewer groups than parts, one group, no rows")
  func few() {
    #expect(CrossFit(rows: 3).folds == 3)
    #expect(CrossFit(groups: [4, 4, 4]).folds == 1)
    #expect(CrossFit(rows: 0).fold.isEmpty)
  }

  @Test("Trimming drops the highest share and what is no number")
  func trimming() {
    let kept = CrossFit.keeping([3, .nan, 1, 2, .infinity, 0], dropping: 0.4)
    #expect(kept == [false, false, true, true, false, true])
    #expect(CrossFit.keeping([1, 1, 1, 1], dropping: 0.25) == [true, true, true, false])
  }
}
