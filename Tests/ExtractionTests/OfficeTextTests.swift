// A Word document made for the purpose (fixtures/extract/make.py) with everything that is easy to get wrong.

import Corpus
import Extraction
import Testing

@Suite struct OfficeTextTests {
  @Test func `the whole document reads as printed`() throws {
    let text = try Fixtures.extract("garden.docx")
    #expect(text.title == "Garden rules")
    #expect(text.language == "en")
    #expect(
      text.content.text == """
        Garden rules

        Watering

        Water in the morning. Never at noon.

        Tools

        - Spade
        - Rake
        1. Clean the tool.
        2. Hang it up.
        3. Lock the shed.

        Bed: North | Crop: Beans | Month: May
        Bed: South | Crop: Kale | Month: July

        The fence is green and low.
        It has a gate.

        The gate was built in 1911.

        Beside the gate hangs a sign.

        Please close the gate.
        """)
  }

  @Test func `headings come from styles`() throws {
    let content = try Fixtures.extract("garden.docx").content
    #expect(
      content.headings.map { "\($0.level) \($0.title)" } == [
        "1 Garden rules", "1 Watering", "2 Tools",
      ])
  }
}
