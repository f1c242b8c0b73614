// What may happen to a note, and how notes are searched.
#include <cppunit/extensions/HelperMacros.h>

#include "gyre/test.hpp"
#include "sdk/template/note.hpp"

namespace gyre::notes {

class NotesTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(NotesTest);
  CPPUNIT_TEST(aNoteIsWritten);
  CPPUNIT_TEST(aNoteIsWrittenAnew);
  CPPUNIT_TEST(everythingWrongIsSaidAtOnce);
  CPPUNIT_TEST(organisationsKeepToThemselves);
  CPPUNIT_TEST(wordsAreSearched);
  CPPUNIT_TEST(aBoundKeySeesItsOwnNotes);
  CPPUNIT_TEST_SUITE_END();

  void aNoteIsWritten() {
    test::Scenario<Note>(describe)
        .when("WriteNote", R"({"noteId":"n1","organizationId":"org-1","text":"buy milk"})")
        .thenEvents({{"NoteWritten", R"({"noteId":"n1","organizationId":"org-1","text":"buy milk"})"}})
        .thenDocument(
            R"({"noteId":"n1","organizationId":"org-1","text":"buy milk","writtenAt":"2024-01-01T00:00:00.000Z"})")
        .thenVersion(1);
  }

  void aNoteIsWrittenAnew() {
    test::Scenario<Note>(describe)
        .given("WriteNote", R"({"noteId":"n1","organizationId":"org-1","text":"buy milk"})")
        .at(1'704'067'260'000)
        .when("WriteNote", R"({"noteId":"n1","organizationId":"org-1","text":"buy bread"})")
        .thenDocument(
            R"({"noteId":"n1","organizationId":"org-1","text":"buy bread","writtenAt":"2024-01-01T00:01:00.000Z"})")
        .thenVersion(2);
  }

  void everythingWrongIsSaidAtOnce() {
    test::Scenario<Note>(describe)
        .when("WriteNote", R"({"noteId":"","text":"","colour":"red"})")
        .thenRefused(Code::kInvalidArgument)
        .thenFaultsAt({"/noteId", "/organizationId", "/text", "/colour"});
  }

  void organisationsKeepToThemselves() {
    test::Scenario<Note>(describe)
        .given("WriteNote", R"({"noteId":"n1","organizationId":"org-1","text":"ours"})")
        .when("WriteNote", R"({"noteId":"n1","organizationId":"org-2","text":"theirs"})")
        .thenRefused(Code::kConflict, "already_exists")
        .as("org-2")
        .when("WriteNote", R"({"noteId":"n2","organizationId":"org-1","text":"theirs"})")
        .thenRefused(Code::kPermissionDenied);
  }

  void wordsAreSearched() {
    test::Scenario<Note>(describe)
        .ask("SearchNotes", R"({"searchText":"milk"})")
        .thenSearches(R"({"size":10,"query":{"bool":{"must":{"match":{"text":"milk"}}}}})")
        .answered(R"({"hits":{"total":{"value":1},"hits":[{"_id":"n1","_source":{"noteId":"n1","text":"buy milk"}}]}})")
        .thenAnswers(R"({"notes":[{"noteId":"n1","text":"buy milk"}]})");
    test::Scenario<Note>(describe)
        .ask("SearchNotes", R"({"searchText":"milk","size":0})")
        .thenRefused(Code::kInvalidArgument, "invalid_argument", "/size");
  }

  void aBoundKeySeesItsOwnNotes() {
    test::Scenario<Note>(describe)
        .as("org-1")
        .askByUrl("SearchNotes", R"({"searchText":"milk","size":"5"})")
        .thenSearches(R"({"size":5,"query":{"bool":{"must":{"match":{"text":"milk"}},
                                                  "filter":{"term":{"organizationId":"org-1"}}}}})");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(NotesTest);

}  // namespace gyre::notes
