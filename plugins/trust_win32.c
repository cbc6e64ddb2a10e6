/* SPDX-License-Identifier: Apache-2.0
 *
 * Owner and access list of a file or folder.
 */
#include "plugins/trust_win32.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/open_win32.h"
#include "plugins/refusal.h"
#include "plugins/text_win32.h"

/* Rights by which one changes what the file says, or who may. For a folder, the first two are those to make a file and
 * a folder in it. */
#define WRITES                                                                                                         \
  ((DWORD)(FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | \
           GENERIC_ALL))

/* SIDs as the system writes them. Owners beside the caller: the administrators, the system, and who installs it. */
static const wchar_t *const trusted_owners[] = {
    L"S-1-5-32-544", L"S-1-5-18", L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", NULL};

/* Those whom anyone belongs to, or can. */
static const struct {
  const wchar_t *sid;
  const char *name;
} anyone[] = {
    {L"S-1-1-0", "Everyone"},
    {L"S-1-5-2", "NETWORK"},
    {L"S-1-5-4", "INTERACTIVE"},
    {L"S-1-5-7", "ANONYMOUS LOGON"},
    {L"S-1-5-11", "Authenticated Users"},
    {L"S-1-5-32-545", "Users"},
    {L"S-1-5-32-546", "Guests"},
};

static bool is_sid(PSID sid, const wchar_t *text) {
  PSID other = NULL;
  bool same = ConvertStringSidToSidW(text, &other) && EqualSid(sid, other);
  (void)LocalFree(other);
  return same;
}

static bool is_trusted(PSID owner, PSID caller) {
  if (EqualSid(owner, caller)) return true;
  for (const wchar_t *const *sid = trusted_owners; *sid != NULL; sid++)
    if (is_sid(owner, *sid)) return true;
  return false;
}

static const char *name_of_anyone(PSID sid) {
  for (size_t i = 0; i < sizeof anyone / sizeof anyone[0]; i++)
    if (is_sid(sid, anyone[i].sid)) return anyone[i].name;
  return NULL;
}

/* An entry of the list that lets somebody do something to this object, else NULL. Both kinds are laid out alike. */
static const ACCESS_ALLOWED_ACE *allowing(const void *entry) {
  const ACE_HEADER *header = entry;
  bool allows = header->AceType == ACCESS_ALLOWED_ACE_TYPE || header->AceType == ACCESS_ALLOWED_CALLBACK_ACE_TYPE;
  return allows && (header->AceFlags & INHERIT_ONLY_ACE) == 0 ? entry : NULL;
}

static bool check_list(PACL list, const char *path, const char *what, const char *which, struct plugin_error *error) {
  if (list == NULL)
    return refusal_say(error, path, "access list of %s%s: found none, so anyone may write", what, which);
  for (DWORD i = 0; i < list->AceCount; i++) {
    void *entry = NULL;
    const ACCESS_ALLOWED_ACE *ace = GetAce(list, i, &entry) ? allowing(entry) : NULL;
    if (ace == NULL || (ace->Mask & WRITES) == 0) continue;
    const char *name = name_of_anyone((PSID)(uintptr_t)&ace->SidStart);
    if (name != NULL)
      return refusal_say(error, path, "access list of %s%s: found rights 0x%lx for %s, wanted none to write", what,
                         which, ace->Mask, name);
  }
  return true;
}

static bool check_owner(PSID owner, PSID caller, PSID library, const char *path, const char *what, const char *which,
                        struct plugin_error *error) {
  wchar_t *wide = NULL;
  if (owner == NULL) return refusal_say(error, path, "owner of %s%s: found none", what, which);
  if (is_trusted(owner, caller) || (library != NULL && EqualSid(owner, library))) return true;
  char *text = ConvertSidToStringSidW(owner, &wide) ? text_from_wide(wide) : NULL;
  refusal_say(error, path, "owner of %s%s: found %s, wanted the caller, the administrators or the system", what, which,
              text != NULL ? text : "an unknown one");
  free(text);
  (void)LocalFree(wide);
  return false;
}

bool trust_check_descriptor(PSECURITY_DESCRIPTOR descriptor, PSID caller, PSID library, const char *path,
                            const char *folder, struct plugin_error *error) {
  PSID owner = NULL;
  PACL list = NULL;
  BOOL defaulted;
  BOOL present = FALSE;
  const char *what = folder == NULL ? "file" : "folder ";
  const char *which = folder == NULL ? "" : folder;
  if (!GetSecurityDescriptorOwner(descriptor, &owner, &defaulted) ||
      !GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted))
    return refusal_say(error, path, "security descriptor of %s%s: found a malformed one", what, which);
  return check_owner(owner, caller, library, path, what, which, error) &&
         check_list(present ? list : NULL, path, what, which, error);
}

/* The user of this thread, which may act for another than its process does. Allocated; NULL: unknown. */
static TOKEN_USER *caller_user(void) {
  HANDLE token = NULL;
  DWORD size = 0;
  if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token) &&
      !OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
    return NULL;
  (void)GetTokenInformation(token, TokenUser, NULL, 0, &size);
  TOKEN_USER *user = malloc(size);
  if (user != NULL && !GetTokenInformation(token, TokenUser, user, size, &size)) {
    free(user);
    user = NULL;
  }
  (void)CloseHandle(token);
  return user;
}

/* The library's own file, open; INVALID_HANDLE_VALUE: it cannot be. It is mapped, and so cannot be replaced. */
static HANDLE open_library(void) {
  enum { PATH_UNITS = 32768 }; /* no path is longer */
  HMODULE module = NULL;
  HANDLE handle = INVALID_HANDLE_VALUE;
  wchar_t *wide = calloc(PATH_UNITS, sizeof *wide);
  DWORD length = 0;
  if (wide != NULL &&
      GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                         (LPCWSTR)(uintptr_t)&trust_check_handle, &module))
    length = GetModuleFileNameW(module, wide, PATH_UNITS);
  char *path = length > 0 && length < PATH_UNITS ? text_from_wide(wide) : NULL;
  if (path != NULL) handle = open_file(path);
  free(path);
  free(wide);
  return handle;
}

/* Does the place lie in the folder of the library, or below that? */
static bool is_beside(HANDLE handle, HANDLE library) {
  char *place = open_path_of(handle);
  char *own = open_path_of(library);
  char *slash = own != NULL ? strrchr(own, '\\') : NULL;
  size_t length = slash != NULL ? (size_t)(slash - own) : 0;
  bool beside = place != NULL && length > 0 && _strnicmp(place, own, length) == 0 &&
                (place[length] == '\\' || place[length] == '\0');
  free(own);
  free(place);
  return beside;
}

/* The library's owner, where what is open lies beside it; *descriptor, which holds that, is the caller's to free. */
static PSID library_owner(HANDLE handle, PSECURITY_DESCRIPTOR *descriptor) {
  PSID owner = NULL;
  HANDLE library = open_library();
  if (library == INVALID_HANDLE_VALUE) return NULL;
  if (is_beside(handle, library) && GetSecurityInfo(library, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL,
                                                    NULL, NULL, descriptor) != ERROR_SUCCESS)
    owner = NULL;
  (void)CloseHandle(library);
  return owner;
}

bool trust_check_handle(HANDLE handle, const char *path, const char *folder, struct plugin_error *error) {
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PSECURITY_DESCRIPTOR own = NULL;
  TOKEN_USER *user = caller_user();
  bool good = false;
  DWORD failed = GetSecurityInfo(handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, NULL,
                                 NULL, NULL, NULL, &descriptor);
  if (user == NULL)
    refusal_say(error, path, "the caller's own user cannot be found");
  else if (failed != ERROR_SUCCESS)
    refusal_say(error, path, "cannot be examined: %s", text_of_error(failed).text);
  else
    good = trust_check_descriptor(descriptor, user->User.Sid, library_owner(handle, &own), path, folder, error);
  (void)LocalFree(own);
  (void)LocalFree(descriptor);
  free(user);
  return good;
}
